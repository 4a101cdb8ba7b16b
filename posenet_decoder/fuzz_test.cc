// Random feature maps through the decoder.

#include "testing.h"

#include <random>

namespace posenet {

// Random maps with the values that hurt; the answers must be finite and on the grid.
void TestFuzz() {
  std::mt19937 random(1);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 3000; ++round) {
    const bool big = round % 500 == 0;
    const int height = big ? 150 + below(50) : below(12), width = big ? 150 : below(12);
    Maps<float> maps(height, width, Type::kFloat32);
    const float extremes[] = {kNan, kInfinity, -kInfinity, 1e38f, -1e38f, 0.f, 1e-40f, 1000.f};
    const int hostility = below(3) * 20;  // percent
    for (auto* values : {&maps.heatmaps, &maps.short_offsets, &maps.forward_offsets,
                         &maps.backward_offsets, &maps.long_offsets}) {
      for (float& value : *values) {
        value = below(100) < hostility ? extremes[below(8)] : (below(2001) - 1000) / 50.f;
      }
    }
    const Options options = {1 + below(30), 1 + below(64), below(101) / 100.f,
                             below(4) ? below(100) / 2.f : kInfinity, below(2)};
    std::vector<Pose> poses(options.max_poses);
    const int count = DecodePoses(maps.features, options, poses.data());
    EXPECT_NEAR(count >= 0 && count <= options.max_poses, true);
    for (int i = 0; i < count; ++i) {
      EXPECT_NEAR(poses[i].score >= options.score_threshold && poses[i].score <= 1, true);
      EXPECT_NEAR(i == 0 || poses[i].score <= poses[i - 1].score, true);
      for (int k = 0; k < kNumKeypoints; ++k) {
        const auto& point = poses[i].keypoints[k];
        EXPECT_NEAR(point.y >= 0 && point.y <= (height - 1) * options.stride, true);
        EXPECT_NEAR(point.x >= 0 && point.x <= (width - 1) * options.stride, true);
        EXPECT_NEAR(poses[i].keypoint_scores[k] >= 0 && poses[i].keypoint_scores[k] <= 1, true);
      }
    }
    std::vector<float> masks(static_cast<size_t>(options.max_poses) * height * width);
    if (!big) {
      DecodeInstanceMasks(maps.features, options, poses.data(), count, masks.data());
    }
  }
}

}  // namespace posenet
