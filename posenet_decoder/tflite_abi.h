// The part of TensorFlow Lite's C interface that a delegate touches, by memory layout.
//
// No header of any one release is used: releases append fields to these structs, and one library
// must serve all of them. Hence only what has not moved since 2.5 is declared, and no struct is
// passed or copied by value. Where releases differ is noted.
#ifndef POSENET_DECODER_TFLITE_ABI_H_
#define POSENET_DECODER_TFLITE_ABI_H_

#include <cstddef>
#include <cstdint>

namespace tflite_abi {

enum Status : int { kOk = 0, kError = 1 };

struct IntArray {
  int size;
  int data[1];  // `size` of them
};

struct Tensor {
  int type;
  void* data;
  IntArray* dims;
  struct {
    float scale;
    int32_t zero_point;
  } params;
  int allocation_type;
  size_t bytes;
  const void* allocation;
  const char* name;
  void* delegate;
  int buffer_handle;
  bool data_is_stale;
  bool is_variable;
  struct {
    int type;
    void* params;
  } quantization;
  void* sparsity;
  const IntArray* dims_signature;
};
static_assert(sizeof(Tensor) == (sizeof(void*) == 8 ? 112 : 64), "tensors lie in an array");

struct Node {
  IntArray* inputs;
  IntArray* outputs;
  IntArray* intermediates;
  IntArray* temporaries;
  void* user_data;
  void* builtin_data;
  const void* custom_initial_data;
  int custom_initial_data_size;
};

struct Registration;

struct Context {
  size_t tensors_size;
  Status (*GetExecutionPlan)(Context*, IntArray**);
  Tensor* tensors;
  void* impl_;
  Status (*ResizeTensor)(Context*, Tensor*, IntArray*);  // frees the array, from malloc
  void (*ReportError)(Context*, const char* format, ...);
  Status (*AddTensors)(Context*, int, int*);
  Status (*GetNodeAndRegistration)(Context*, int, Node**, Registration**);
  void* ReplaceNodeSubsetsWithDelegateKernels;
  int recommended_num_threads;
  void* GetExternalContext;
  void* SetExternalContext;
  bool allow_fp32_relax_to_fp16;
  void* profiler;
  void* AllocatePersistentBuffer;
  void* AllocateBufferForEval;
  void* RequestScratchBufferInArena;
  void* GetScratchBuffer;
  void* ResizeTensorExplicit;
  void* PreviewDelegatePartitioning;
  Tensor* (*GetTensor)(const Context*, int);  // null in every release seen (2.7 to LiteRT 2.3)
};

struct Registration {
  void* (*init)(Context*, const char*, size_t);
  void (*free)(Context*, void*);
  Status (*prepare)(Context*, Node*);
  Status (*invoke)(Context*, Node*);
  const char* (*profiling_string)(const Context*, const Node*);
  int32_t builtin_code;
  const char* custom_name;
};

constexpr int64_t kAllowDynamicTensors = 1;

struct Delegate {
  void* data_;
  Status (*Prepare)(Context*, Delegate*);
  void* CopyFromBufferHandle;
  void* CopyToBufferHandle;
  void* FreeBufferHandle;
  int64_t flags;
  void* added_later[16];  // zero: what later releases appended and we do not set
};

}  // namespace tflite_abi

#endif  // POSENET_DECODER_TFLITE_ABI_H_
