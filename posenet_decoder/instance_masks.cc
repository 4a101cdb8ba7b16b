// BodyPix's instance masks: which cell belongs to which person.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "decoder.h"
#include "sampling.h"

namespace posenet {
namespace {

constexpr int kLongOffsetSteps = 3;  // from a cell of a person to a keypoint

template <typename T>
void DecodeMasks(const Map& map, const Options& options, const Pose* poses, int count,
                 float* masks) {
  const size_t cells = static_cast<size_t>(map.height) * map.width;
  std::fill(masks, masks + cells * options.max_poses, 0.f);
  const Offsets<T> long_offsets(map, kNumKeypoints, options.stride);
  std::vector<float> distances(count);  // squared pixels from where the cell points to each pose
  for (size_t cell = 0; count > 0 && cell < cells; ++cell) {
    std::fill(distances.begin(), distances.end(), 0.f);
    const Point start = {static_cast<float>(cell / map.width),
                         static_cast<float>(cell % map.width)};
    for (int k = 0; k < kNumKeypoints; ++k) {
      const Point point = long_offsets.Follow(start, k, kLongOffsetSteps);
      for (int i = 0; i < count; ++i) {
        const float dy = point.y * options.stride - poses[i].keypoints[k].y;
        const float dx = point.x * options.stride - poses[i].keypoints[k].x;
        distances[i] += dy * dy + dx * dx;
      }
    }
    const auto owner = std::min_element(distances.begin(), distances.end()) - distances.begin();
    masks[owner * cells + cell] = 1.f;
  }
}

}  // namespace

void DecodeInstanceMasks(const Features& features, const Options& options, const Pose* poses,
                         int count, float* masks) {
  const Map& map = features.long_offsets;
  switch (map.type) {
    case Type::kUint8: return DecodeMasks<uint8_t>(map, options, poses, count, masks);
    case Type::kInt8: return DecodeMasks<int8_t>(map, options, poses, count, masks);
    case Type::kFloat32: break;
  }
  return DecodeMasks<float>(map, options, poses, count, masks);
}

}  // namespace posenet
