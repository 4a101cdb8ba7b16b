// PersonLab's decoder: from the feature maps of a PoseNet to poses.
//
// Papandreou et al., PersonLab, arXiv 1803.08225, sections 3.1 and 3.2. This is the mathematics
// alone; it knows no TensorFlow Lite. Maps are read where they lie, quantised or not: a value is
// dequantised when it is sampled, and most never are.
#ifndef POSENET_DECODER_DECODER_H_
#define POSENET_DECODER_DECODER_H_

#include <cstddef>
#include <cstdint>

namespace posenet {

constexpr int kNumKeypoints = 17;
constexpr int kNumEdges = 16;

// Parent and child of each edge, in the order of the mid offsets' channels. They form a tree.
constexpr int kEdges[kNumEdges][2] = {{0, 1},   {1, 3},  {0, 2},  {2, 4},   {0, 5},   {5, 7},
                                      {7, 9},   {5, 11}, {11, 13}, {13, 15}, {0, 6},   {6, 8},
                                      {8, 10},  {6, 12}, {12, 14}, {14, 16}};

// The numbers are TensorFlow Lite's, so that its tensors need no translation.
enum class Type : int32_t { kFloat32 = 1, kUint8 = 3, kInt8 = 9 };

// A feature map [height, width, channels] as a network left it; all maps of a call have one type.
// A quantised value means scale * (stored - zero_point).
struct Map {
  const void* data;
  Type type;
  int32_t height;      // cells
  int32_t width;       // cells
  int32_t channels;    // values from one cell to the next
  float scale;         // in the unit of the map: logits or pixels; not used for floats
  int32_t zero_point;  // not used for floats
};

// The network's answer. Offsets hold all y channels, then all x channels, in input-image pixels.
struct Features {
  Map heatmaps;          // [h, w, 17] logits
  Map short_offsets;     // [h, w, 17 y + 17 x] from a cell to the keypoint near it
  Map forward_offsets;   // [h, w, 16 y + 16 x] from an edge's parent to its child
  Map backward_offsets;  // [h, w, 16 y + 16 x] from an edge's child to its parent
  Map long_offsets;      // [h, w, 17 y + 17 x] from a cell to its person's keypoints: BodyPix
                         // alone has them, other networks' have 0 channels
};

struct Options {
  int32_t max_poses;      // 1 or more
  int32_t stride;         // pixels from one cell to the next, 1 or more
  float score_threshold;  // 0 to 1, for root keypoints and for poses
  float nms_radius;       // pixels, 0 or more: nearer than this is the same keypoint
  int32_t coral;          // not 0: answer as the op in Coral's models does, see decoder.cc
};

struct Point {
  float y, x;
};

struct Pose {
  Point keypoints[kNumKeypoints];         // input-image pixels
  float keypoint_scores[kNumKeypoints];   // 0 to 1
  float score;                            // mean of the keypoint scores that are not suppressed
};

// What is wrong with the options, or nullptr.
const char* CheckOptions(const Options& options);

// What is wrong with the features (sizes, channels, types, scales), or nullptr.
const char* CheckFeatures(const Features& features);

// Fills poses[0 .. count), best first, and returns count, at most options.max_poses.
// Options and features must have passed their checks. NaN never becomes a pose's number.
int DecodePoses(const Features& features, const Options& options, Pose* poses);

// Assigns each cell to one of the `count` poses by the long offsets.
// masks: [max_poses, h, w], filled with 1 where the cell belongs to the pose, else 0.
void DecodeInstanceMasks(const Features& features, const Options& options, const Pose* poses,
                         int count, float* masks);

}  // namespace posenet

#endif  // POSENET_DECODER_DECODER_H_
