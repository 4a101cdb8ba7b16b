// A stand-in for the Edge TPU and its library, libedgetpu.so.1, for tests without the hardware.
//
// Like the real library it is a TensorFlow Lite delegate that replaces each edgetpu-custom-op by a
// kernel of its own, and reads the option `device` by the same rules. Behind it runs the same
// network's CPU file, by cpu_network.py in this folder, which must be on the process's PYTHONPATH.
//
//     c++ -std=c++17 -shared -fPIC -I posenet_decoder libedgetpu.cc -o libedgetpu.so.1
//
// Environment:
//   EDGETPU_STAND_IN_DEVICES  what is plugged in and free, in order: words usb and pci
//   EDGETPU_STAND_IN_FAULT    prepare: no model loads; fail, abort, hang: each inference does;
//                             open-abort, open-hang: each opening of the device does. With :N only
//                             the Nth does, counted over all processes that write into one log
//   EDGETPU_STAND_IN_SLOW     milliseconds that each inference takes longer
//   EDGETPU_STAND_IN_LOG      a file to which a line goes for each open, refuse, invoke, close
//   EDGETPU_STAND_IN_MODELS   the folder with the CPU files

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "tflite_abi.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

// What is needed of Python's interface; the process that loads this library has it.
extern "C" {
struct PyObject;
int PyGILState_Ensure();
void PyGILState_Release(int);
PyObject* PyImport_ImportModule(const char*);
PyObject* PyTuple_New(std::ptrdiff_t);
int PyTuple_SetItem(PyObject*, std::ptrdiff_t, PyObject*);  // takes the item
PyObject* PyMemoryView_FromMemory(char*, std::ptrdiff_t, int flags);
PyObject* PyObject_CallMethod(PyObject*, const char* name, const char* format, ...);
void PyErr_Print();
void Py_DecRef(PyObject*);
}

namespace {

using tflite_abi::Context;
using tflite_abi::Delegate;
using tflite_abi::IntArray;
using tflite_abi::kError;
using tflite_abi::kOk;
using tflite_abi::Node;
using tflite_abi::Registration;
using tflite_abi::Status;
using tflite_abi::Tensor;

constexpr char kOpName[] = "edgetpu-custom-op";
constexpr int kReadable = 0x100, kWritable = 0x200;  // PyBUF_READ, PyBUF_WRITE

// It goes to the runtime by value, so it is larger than any release's: each reads what it knows.
// On 32-bit Arm that would move the arguments behind it.
struct KernelRegistration {
  Registration registration;
  void* added_later[16];
};
static_assert(sizeof(void*) == 8, "the stand-in is for 64 bits");

using Replace = Status (*)(Context*, KernelRegistration, const IntArray*, Delegate*);

struct DelegateParams {
  Delegate* delegate;
  const IntArray* nodes_to_replace;
};

// The tensors of one edgetpu-custom-op, in its own order: the runtime's may be another.
struct Kernel {
  int image;
  std::vector<int> maps;  // of a PoseNet: heatmaps, short offsets, mid offsets
};

std::string Setting(const char* name, const char* otherwise) {
  const char* value = std::getenv((std::string("EDGETPU_STAND_IN_") + name).c_str());
  return value ? value : otherwise;
}

void Log(const std::string& line) {
  const std::string path = Setting("LOG", "");
  if (path.empty()) return;
  if (std::FILE* file = std::fopen(path.c_str(), "a")) {
    std::fprintf(file, "%s\n", line.c_str());
    std::fclose(file);
  }
}

// device: empty for any, usb or pci for the first of a bus; and with :N for the Nth instead.
bool IsFree(const std::string& device) {
  const size_t colon = device.find(':');
  const std::string bus = device.substr(0, colon);
  int before = colon == std::string::npos ? 0 : std::atoi(device.c_str() + colon + 1);
  std::istringstream attached(Setting("DEVICES", "usb"));
  for (std::string each; attached >> each;) {
    if ((bus.empty() || bus == each) && before-- == 0) return true;
  }
  return false;
}

// Whether the present fault is of this kind, and due at the latest event of the log.
bool IsFault(const std::string& kind, const std::string& event) {
  int count = 0;
  std::ifstream log(Setting("LOG", ""));
  for (std::string line; std::getline(log, line);) count += line.find(event) == 0;
  const std::string fault = Setting("FAULT", "");
  return fault == kind || fault == kind + ":" + std::to_string(count);
}

// As the real one ends the process on a broken USB transfer.
void AbortOrHang(bool abort, bool hang) {
  if (abort) {
    std::fprintf(stderr, "F :1115] HandleQueuedBulkIn transfer in failed. Not found (5)\n");
    std::abort();
  }
  while (hang) pause();
}

Tensor* At(Context* context, int index) {
  return context->tensors ? &context->tensors[index] : context->GetTensor(context, index);
}

PyObject* View(const Tensor* tensor, int flags) {
  return PyMemoryView_FromMemory(static_cast<char*>(tensor->data), tensor->bytes, flags);
}

// Calls cpu_network.run(height, width, image, maps).
bool RunNetwork(Context* context, const Kernel& kernel) {
  const int lock = PyGILState_Ensure();
  PyObject* result = nullptr;
  if (PyObject* module = PyImport_ImportModule("cpu_network")) {
    const Tensor* image = At(context, kernel.image);
    PyObject* maps = PyTuple_New(kernel.maps.size());
    for (size_t i = 0; i < kernel.maps.size(); ++i) {
      PyTuple_SetItem(maps, i, View(At(context, kernel.maps[i]), kWritable));
    }
    result = PyObject_CallMethod(module, "run", "iiNN", image->dims->data[1],
                                 image->dims->data[2], View(image, kReadable), maps);
    Py_DecRef(module);
  }
  if (result == nullptr) PyErr_Print();
  Py_DecRef(result);
  PyGILState_Release(lock);
  return result != nullptr;
}

void* Init(Context* context, const char* buffer, size_t) {
  const auto* params = reinterpret_cast<const DelegateParams*>(buffer);
  Node* node;
  Registration* op;
  if (context->GetNodeAndRegistration(context, params->nodes_to_replace->data[0], &node, &op) !=
          kOk ||
      node->inputs->size != 1) {
    return nullptr;
  }
  const IntArray* outputs = node->outputs;
  return new Kernel{node->inputs->data[0], {outputs->data, outputs->data + outputs->size}};
}

void Free(Context*, void* kernel) { delete static_cast<Kernel*>(kernel); }

Status PrepareKernel(Context* context, Node* node) {
  if (node->user_data != nullptr && Setting("FAULT", "") != "prepare") return kOk;
  context->ReportError(context, "Failed to prepare for TPU. The stand-in was told to fail.");
  return kError;
}

Status Invoke(Context* context, Node* node) {
  Log("invoke");
  AbortOrHang(IsFault("abort", "invoke"), IsFault("hang", "invoke"));
  usleep(1000 * std::atoi(Setting("SLOW", "0").c_str()));
  if (IsFault("fail", "invoke")) {
    context->ReportError(context, "Failed to execute request. The stand-in was told to fail.");
    return kError;
  }
  return RunNetwork(context, *static_cast<Kernel*>(node->user_data)) ? kOk : kError;
}

Status Prepare(Context* context, Delegate* delegate) {
  KernelRegistration kernel = {};
  kernel.registration.init = Init;
  kernel.registration.free = Free;
  kernel.registration.prepare = PrepareKernel;
  kernel.registration.invoke = Invoke;
  kernel.registration.custom_name = "EdgeTpuDelegateForCustomOp";
  const auto replace = reinterpret_cast<Replace>(context->ReplaceNodeSubsetsWithDelegateKernels);
  IntArray* plan;
  if (context->GetExecutionPlan(context, &plan) != kOk) return kError;
  for (int i = 0; i < plan->size; ++i) {
    Node* node;
    Registration* op;
    if (context->GetNodeAndRegistration(context, plan->data[i], &node, &op) != kOk) return kError;
    if (op->custom_name == nullptr || std::strcmp(op->custom_name, kOpName) != 0) continue;
    // These graphs have one such op. To replace it changes the plan, so the search ends here.
    const IntArray nodes = {1, {plan->data[i]}};
    return replace(context, kernel, &nodes, delegate);
  }
  return kOk;
}

}  // namespace

// The real one, too, says nothing through report_error when no device opens.
EXPORT Delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                               void (*)(const char*)) {
  std::string device;
  for (size_t i = 0; i < count; ++i) {
    if (!std::strcmp(keys[i], "device")) device = values[i];
  }
  if (!IsFree(device)) {
    Log("refuse '" + device + "'");
    return nullptr;
  }
  Log("open '" + device + "'");
  AbortOrHang(IsFault("open-abort", "open"), IsFault("open-hang", "open"));
  Delegate* delegate = new Delegate{};
  delegate->Prepare = Prepare;
  delegate->flags = tflite_abi::kAllowDynamicTensors;
  return delegate;
}

EXPORT void tflite_plugin_destroy_delegate(Delegate* delegate) {
  if (delegate == nullptr) return;
  Log("close");
  delete delegate;
}
