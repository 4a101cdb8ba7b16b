#include "decoder_op.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <vector>

#include "flexbuffers.h"

namespace posenet {
namespace {

using tflite_abi::Context;
using tflite_abi::IntArray;
using tflite_abi::kError;
using tflite_abi::kOk;
using tflite_abi::Node;
using tflite_abi::Registration;
using tflite_abi::Status;
using tflite_abi::Tensor;

// Inputs, in the order of the model file. BodyPix alone has the fourth, and the fifth output.
enum { kHeatmaps, kShortOffsets, kMidOffsets, kLongOffsets };
enum { kPoses, kKeypointScores, kPoseScores, kCount, kMasks };

struct Op {
  Options options;
  std::vector<Pose> poses;
};

// The array is the runtime's own way; GetTensor is for releases that may hide it.
Tensor* At(Context* context, int index) {
  return context->tensors ? &context->tensors[index] : context->GetTensor(context, index);
}

Tensor* Input(Context* context, Node* node, int i) { return At(context, node->inputs->data[i]); }

Tensor* Output(Context* context, Node* node, int i) { return At(context, node->outputs->data[i]); }

float* OutputData(Context* context, Node* node, int i) {
  return static_cast<float*>(Output(context, node, i)->data);
}

bool HasMasks(Node* node) { return node->outputs->size > kMasks; }

Status Fail(Context* context, const char* error) {
  context->ReportError(context, "%s: %s", kOpName, error);
  return kError;
}

Map MapOf(const Tensor& tensor) {
  return {tensor.data,
          static_cast<Type>(tensor.type),
          tensor.dims->data[1],
          tensor.dims->data[2],
          tensor.dims->data[3],
          tensor.params.scale,
          tensor.params.zero_point};
}

// Coral's networks keep both directions in one tensor, forward before backward.
void SplitMidOffsets(const Map& mid_offsets, Features* features) {
  const size_t value_size = mid_offsets.type == Type::kFloat32 ? sizeof(float) : 1;
  features->forward_offsets = features->backward_offsets = mid_offsets;
  if (mid_offsets.data == nullptr) return;  // not allocated yet
  features->backward_offsets.data =
      static_cast<const char*>(mid_offsets.data) + 2 * kNumEdges * value_size;
}

Features FeaturesOf(Context* context, Node* node) {
  Features features = {};
  features.heatmaps = MapOf(*Input(context, node, kHeatmaps));
  features.short_offsets = MapOf(*Input(context, node, kShortOffsets));
  SplitMidOffsets(MapOf(*Input(context, node, kMidOffsets)), &features);
  if (HasMasks(node)) features.long_offsets = MapOf(*Input(context, node, kLongOffsets));
  return features;
}

Status Resize(Context* context, Node* node, int output, std::initializer_list<int> shape) {
  IntArray* dims =
      static_cast<IntArray*>(std::malloc(sizeof(IntArray) + shape.size() * sizeof(int)));
  if (dims == nullptr) return Fail(context, "out of memory");
  dims->size = static_cast<int>(shape.size());
  std::copy(shape.begin(), shape.end(), dims->data);
  return context->ResizeTensor(context, Output(context, node, output), dims);
}

Status Prepare(Context* context, Node* node) {
  const int inputs = node->inputs->size, outputs = node->outputs->size;
  if (!(inputs == 3 && outputs == 4) && !(inputs == 4 && outputs == 5)) {
    return Fail(context, "needs 3 inputs and 4 outputs, or 4 and 5 with instance masks");
  }
  for (int i = 0; i < inputs; ++i) {
    const IntArray* dims = Input(context, node, i)->dims;
    if (dims->size != 4 || dims->data[0] != 1) {
      return Fail(context, "an input is not [1, height, width, channels]");
    }
  }
  const int mid_channels = Input(context, node, kMidOffsets)->dims->data[3];
  if (mid_channels != 4 * kNumEdges) return Fail(context, "mid offsets need 64 channels");
  const Features features = FeaturesOf(context, node);
  if (const char* error = CheckFeatures(features)) return Fail(context, error);
  for (int i = 0; i < outputs; ++i) {
    if (Output(context, node, i)->type != static_cast<int>(Type::kFloat32)) {
      return Fail(context, "an output is not float32");
    }
  }
  const int n = static_cast<Op*>(node->user_data)->options.max_poses;
  if (Resize(context, node, kPoses, {1, n, kNumKeypoints, 2}) != kOk ||
      Resize(context, node, kKeypointScores, {1, n, kNumKeypoints}) != kOk ||
      Resize(context, node, kPoseScores, {1, n}) != kOk ||
      Resize(context, node, kCount, {1}) != kOk) {
    return kError;
  }
  if (!HasMasks(node)) return kOk;
  return Resize(context, node, kMasks, {1, n, features.heatmaps.height, features.heatmaps.width});
}

Status Invoke(Context* context, Node* node) {
  Op* op = static_cast<Op*>(node->user_data);
  const Features features = FeaturesOf(context, node);
  const int count = DecodePoses(features, op->options, op->poses.data());
  std::fill(op->poses.begin() + count, op->poses.end(), Pose{});
  float* keypoints = OutputData(context, node, kPoses);
  float* keypoint_scores = OutputData(context, node, kKeypointScores);
  float* pose_scores = OutputData(context, node, kPoseScores);
  for (const Pose& pose : op->poses) {
    for (int k = 0; k < kNumKeypoints; ++k) {
      *keypoints++ = pose.keypoints[k].y;
      *keypoints++ = pose.keypoints[k].x;
      *keypoint_scores++ = pose.keypoint_scores[k];
    }
    *pose_scores++ = pose.score;
  }
  *OutputData(context, node, kCount) = static_cast<float>(count);
  if (HasMasks(node)) {
    DecodeInstanceMasks(features, op->options, op->poses.data(), count,
                        OutputData(context, node, kMasks));
  }
  return kOk;
}

// 0, which is out of range for every option, for a number that no int32 holds.
int32_t ToInt(double value) {
  return value >= 1 && value <= std::numeric_limits<int32_t>::max() ? static_cast<int32_t>(value)
                                                                    : 0;
}

void Free(Context*, void* op) { delete static_cast<Op*>(op); }

}  // namespace

const char* ReadOptions(const uint8_t* buffer, size_t size, Options* options) {
  double max_detections, stride, score_threshold, nms_radius;
  if (!FlexBufferNumber(buffer, size, "max_detections", &max_detections) ||
      !FlexBufferNumber(buffer, size, "stride", &stride) ||
      !FlexBufferNumber(buffer, size, "score_threshold", &score_threshold) ||
      !FlexBufferNumber(buffer, size, "nms_radius", &nms_radius)) {
    return "the model file's options lack max_detections, stride, score_threshold or nms_radius";
  }
  *options = {ToInt(max_detections), ToInt(stride), static_cast<float>(score_threshold),
              static_cast<float>(nms_radius), 1};
  return CheckOptions(*options);
}

void Install(const Options& options, Node* node, Registration* op) {
  node->user_data = new Op{options, std::vector<Pose>(options.max_poses)};
  op->free = Free;
  op->prepare = Prepare;
  op->invoke = Invoke;
}

}  // namespace posenet
