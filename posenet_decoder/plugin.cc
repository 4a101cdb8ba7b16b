// What the library exports: a TensorFlow Lite external delegate that gives every PosenetDecoderOp
// of a graph its code, and the decoder alone, for networks that end in raw feature maps.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "affinity.h"
#include "decoder_op.h"
#include "export.h"

namespace {

using tflite_abi::Context;
using tflite_abi::Delegate;
using tflite_abi::IntArray;
using tflite_abi::kError;
using tflite_abi::kOk;
using tflite_abi::Node;
using tflite_abi::Registration;
using tflite_abi::Status;

// Options given to the delegate: each replaces the model file's one. Unset ones are negative.
struct Overrides {
  double max_detections = -1, score_threshold = -1, nms_radius = -1;
};

struct Plugin {
  Delegate delegate;
  Overrides overrides;
};

void Apply(const Overrides& overrides, posenet::Options* options) {
  if (overrides.max_detections >= 0) {
    options->max_poses = static_cast<int32_t>(overrides.max_detections);
  }
  if (overrides.score_threshold >= 0) {
    options->score_threshold = static_cast<float>(overrides.score_threshold);
  }
  if (overrides.nms_radius >= 0) options->nms_radius = static_cast<float>(overrides.nms_radius);
}

// The runtime left the node with an unresolved op, as it does for any custom op that it does not
// know. The delegate resolves that op in place instead of replacing the node by a delegate's
// kernel: replacing passes a registration by value, whose size differs between releases, and on
// 32-bit Arm that moves the arguments behind it.
Status Prepare(Context* context, Delegate* delegate) {
  const Plugin* plugin = static_cast<Plugin*>(delegate->data_);
  IntArray* plan;
  if (context->GetExecutionPlan(context, &plan) != kOk) return kError;
  for (int i = 0; i < plan->size; ++i) {
    Node* node;
    Registration* op;
    if (context->GetNodeAndRegistration(context, plan->data[i], &node, &op) != kOk) return kError;
    if (op->custom_name == nullptr || std::strcmp(op->custom_name, posenet::kOpName) != 0) continue;
    posenet::Options options;
    const char* error =
        posenet::ReadOptions(static_cast<const uint8_t*>(node->custom_initial_data),
                             node->custom_initial_data_size, &options);
    if (error == nullptr) {
      Apply(plugin->overrides, &options);
      error = posenet::CheckOptions(options);
    }
    if (error != nullptr) {
      context->ReportError(context, "%s: %s", posenet::kOpName, error);
      return kError;
    }
    posenet::Install(options, node, op);
  }
  return kOk;
}

}  // namespace

// keys and values: max_detections, score_threshold and nms_radius, as numbers in text.
POSENET_EXPORT Delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                                       void (*report_error)(const char*)) {
  Overrides overrides;
  for (size_t i = 0; i < count; ++i) {
    double* option = !std::strcmp(keys[i], "max_detections")    ? &overrides.max_detections
                     : !std::strcmp(keys[i], "score_threshold") ? &overrides.score_threshold
                     : !std::strcmp(keys[i], "nms_radius")      ? &overrides.nms_radius
                                                                : nullptr;
    char* end = values[i];
    const double value = std::strtod(values[i], &end);
    if (option == nullptr || end == values[i] || *end != '\0' || !(value >= 0) || value > 1e9) {
      if (report_error) {
        char message[200];
        std::snprintf(message, sizeof(message), "%s: bad option %s=%s", posenet::kOpName, keys[i],
                      values[i]);
        report_error(message);
      }
      return nullptr;
    }
    *option = value;
  }
  Plugin* plugin = new Plugin{{}, overrides};
  plugin->delegate.data_ = plugin;
  plugin->delegate.Prepare = Prepare;
  // Without this flag the runtime prepares all ops before it asks the delegate, and stops at ours.
  plugin->delegate.flags = tflite_abi::kAllowDynamicTensors;
  return &plugin->delegate;
}

POSENET_EXPORT void tflite_plugin_destroy_delegate(Delegate* delegate) {
  if (delegate != nullptr) delete static_cast<Plugin*>(delegate->data_);
}

// DecodePoses for callers in other languages. poses: [options->max_poses]. Returns what is wrong,
// or NULL; then *count is set.
POSENET_EXPORT const char* posenet_decode(const posenet::Features* features,
                                          const posenet::Options* options, posenet::Pose* poses,
                                          int32_t* count) {
  if (const char* error = posenet::CheckOptions(*options)) return error;
  if (const char* error = posenet::CheckFeatures(*features)) return error;
  *count = posenet::DecodePoses(*features, *options, poses);
  return nullptr;
}

// DecodeInstanceMasks for callers in other languages, of the `count` poses that posenet_decode found
// with the same options. masks: [options->max_poses, h, w]. Returns what is wrong, or NULL.
POSENET_EXPORT const char* posenet_instance_masks(const posenet::Features* features,
                                                  const posenet::Options* options,
                                                  const posenet::Pose* poses, int32_t count,
                                                  float* masks) {
  if (const char* error = posenet::CheckOptions(*options)) return error;
  if (const char* error = posenet::CheckFeatures(*features)) return error;
  if (features->long_offsets.channels == 0) return "there are no long offsets";
  if (count < 0 || count > options->max_poses) return "count must be 0 to max_detections";
  posenet::DecodeInstanceMasks(*features, *options, poses, count, masks);
  return nullptr;
}

// Assemble for callers in other languages. parts: [options->max_poses, layout->num_parts]; scores:
// [options->max_poses]. Returns what is wrong, or NULL; then *count is set.
POSENET_EXPORT const char* posenet_assemble(const posenet::Layout* layout,
                                            const posenet::Fields* fields,
                                            const posenet::AssemblyOptions* options,
                                            posenet::Part* parts, float* scores, int32_t* count) {
  if (const char* error = posenet::CheckAssembly(*layout, *fields, *options)) return error;
  *count = posenet::Assemble(*layout, *fields, *options, parts, scores);
  return nullptr;
}
