// What the unit tests share: one check, feature maps with people in them, the list of all tests.
#ifndef POSENET_DECODER_TESTING_H_
#define POSENET_DECODER_TESTING_H_

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "decoder.h"

namespace posenet {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Options kOptions = {10, 16, 0.2f, 10.f, 1};
inline int failures = 0;

#define EXPECT_NEAR(actual, expected)                                                      \
  do {                                                                                     \
    const double a_ = (actual), e_ = (expected);                                           \
    if (!(std::abs(a_ - e_) < 1e-3)) {                                                     \
      std::printf("%s:%d: %s is %g, expected %g\n", __FILE__, __LINE__, #actual, a_, e_);  \
      ++failures;                                                                          \
    }                                                                                      \
  } while (0)

// Maps of one type: no keypoint anywhere, all offsets 0.
template <typename T>
struct Maps {
  Maps(int height, int width, Type type, float scale = 1.f, int zero_point = 0,
       float nowhere = -10.f)
      : height(height), width(width), scale(scale), zero_point(zero_point) {
    const auto make = [&](std::vector<T>* values, int channels, float value) {
      values->assign(static_cast<size_t>(height) * width * channels, Stored(value));
      return Map{values->data(), type, height, width, channels, scale, zero_point};
    };
    features.heatmaps = make(&heatmaps, kNumKeypoints, nowhere);
    features.short_offsets = make(&short_offsets, 2 * kNumKeypoints, 0);
    features.forward_offsets = make(&forward_offsets, 2 * kNumEdges, 0);
    features.backward_offsets = make(&backward_offsets, 2 * kNumEdges, 0);
    features.long_offsets = make(&long_offsets, 2 * kNumKeypoints, 0);
  }

  T Stored(float value) const { return static_cast<T>(value / scale + zero_point); }

  size_t Cell(int y, int x) const { return static_cast<size_t>(y) * width + x; }

  void SetLogit(int y, int x, int keypoint, float logit) {
    heatmaps[Cell(y, x) * kNumKeypoints + keypoint] = Stored(logit);
  }

  // A person whose keypoint k is in cell (y, x + k % columns), found from any of its keypoints.
  void AddPerson(int y, int x, float logit, int columns = 5) {
    const auto column = [&](int k) { return x + k % columns; };
    for (int k = 0; k < kNumKeypoints; ++k) SetLogit(y, column(k), k, logit);
    for (int e = 0; e < kNumEdges; ++e) {
      const int parent = column(kEdges[e][0]), child = column(kEdges[e][1]);
      forward_offsets[Cell(y, parent) * 2 * kNumEdges + kNumEdges + e] =
          Stored(16.f * (child - parent));
      backward_offsets[Cell(y, child) * 2 * kNumEdges + kNumEdges + e] =
          Stored(16.f * (parent - child));
    }
  }

  std::vector<Pose> Decode(Options options = kOptions) {
    options.coral = 0;
    std::vector<Pose> poses(options.max_poses);
    poses.resize(DecodePoses(features, options, poses.data()));
    return poses;
  }

  int height, width;
  float scale;
  int zero_point;
  std::vector<T> heatmaps, short_offsets, forward_offsets, backward_offsets, long_offsets;
  Features features;
};

// Each is defined in the file named after it.
void TestDecoder();
void TestInstanceMasks();
void TestChecks();
void TestFlexBuffers();
void TestFuzz();
void TestAffinity();
void TestAffinityFuzz();

}  // namespace posenet

#endif  // POSENET_DECODER_TESTING_H_
