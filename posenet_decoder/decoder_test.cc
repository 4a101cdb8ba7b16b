// Unit tests of the mathematics. Prints a line a failure; the exit status is their number.
// tests/test_decoder.py compiles this with the address sanitizer and runs it.
#include "decoder.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "flexbuffers.h"

using posenet::Features;
using posenet::kEdges;
using posenet::kNumEdges;
using posenet::kNumKeypoints;
using posenet::Map;
using posenet::Options;
using posenet::Pose;
using posenet::Type;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Options kOptions = {10, 16, 0.2f, 10.f, 1};
int failures = 0;

#define EXPECT_NEAR(actual, expected)                                                  \
  do {                                                                                 \
    const double a_ = (actual), e_ = (expected);                                       \
    if (!(std::abs(a_ - e_) < 1e-3)) {                                                 \
      std::printf("%s:%d: %s is %g, expected %g\n", __FILE__, __LINE__, #actual, a_, e_); \
      ++failures;                                                                      \
    }                                                                                  \
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
    poses.resize(posenet::DecodePoses(features, options, poses.data()));
    return poses;
  }

  int height, width;
  float scale;
  int zero_point;
  std::vector<T> heatmaps, short_offsets, forward_offsets, backward_offsets, long_offsets;
  Features features;
};

void TestEdgesFormATree() {
  int times_reached[kNumKeypoints] = {};
  for (const auto& edge : kEdges) {
    EXPECT_NEAR(times_reached[edge[0]] > 0 || edge[0] == 0, true);  // parents come first
    ++times_reached[edge[1]];
  }
  EXPECT_NEAR(times_reached[0], 0);
  for (int k = 1; k < kNumKeypoints; ++k) EXPECT_NEAR(times_reached[k], 1);
}

void TestNobody() { EXPECT_NEAR(Maps<float>(9, 9, Type::kFloat32).Decode().size(), 0); }

template <typename T>
void TestOnePerson(Type type, float scale, int zero_point) {
  Maps<T> maps(9, 12, type, scale, zero_point);
  maps.AddPerson(4, 3, 4.f);
  const std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 1);
  if (poses.empty()) return;
  for (int k = 0; k < kNumKeypoints; ++k) {
    EXPECT_NEAR(poses[0].keypoints[k].y, 4 * 16);
    EXPECT_NEAR(poses[0].keypoints[k].x, (3 + k % 5) * 16);
    EXPECT_NEAR(poses[0].keypoint_scores[k], 1 / (1 + std::exp(-4.)));
  }
  EXPECT_NEAR(poses[0].score, 1 / (1 + std::exp(-4.)));
}

void TestTwoPeopleBestFirstAndMaxPoses() {
  Maps<float> maps(9, 12, Type::kFloat32);
  maps.AddPerson(1, 3, 3.f);
  maps.AddPerson(7, 3, 5.f);
  std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 2);
  EXPECT_NEAR(poses[0].keypoints[0].y, 7 * 16);
  EXPECT_NEAR(poses[1].keypoints[0].y, 1 * 16);
  poses = maps.Decode({1, 16, 0.2f, 10.f, 0});
  EXPECT_NEAR(poses.size(), 1);
  EXPECT_NEAR(poses[0].keypoints[0].y, 7 * 16);
}

// Two people a cell apart, which is 16 pixels: one within a radius of 17, two outside of 15.
void TestSuppressionRadius() {
  Maps<float> maps(9, 12, Type::kFloat32);
  maps.AddPerson(3, 3, 5.f);
  maps.AddPerson(4, 3, 5.f);
  EXPECT_NEAR(maps.Decode({10, 16, 0.2f, 17.f, 0}).size(), 1);
  EXPECT_NEAR(maps.Decode({10, 16, 0.2f, 15.f, 0}).size(), 2);
}

// The same keypoints seen again by another root count for the better pose alone.
void TestSharedKeypointsCountOnce() {
  Maps<float> maps(9, 20, Type::kFloat32);
  maps.AddPerson(3, 3, 5.f);
  maps.SetLogit(7, 8, 9, 6.f);  // a wrist far away, whose arm leads into the person
  const size_t wrist = maps.Cell(7, 8) * 2 * kNumEdges;
  maps.backward_offsets[wrist + 6] = 16.f * (3 - 7);               // edge 6: elbow to wrist
  maps.backward_offsets[wrist + kNumEdges + 6] = 16.f * (5 - 8);   // the elbow's column
  const std::vector<Pose> poses = maps.Decode({10, 16, 0.01f, 10.f, 0});
  EXPECT_NEAR(poses.size(), 2);
  if (poses.size() == 2) EXPECT_NEAR(poses[1].score, poses[1].keypoint_scores[9] / 17);
}

void TestShortOffsetsAndClamping() {
  Maps<float> maps(5, 5, Type::kFloat32);
  maps.AddPerson(0, 0, 4.f);
  maps.short_offsets.assign(maps.short_offsets.size(), -1000.f);
  const std::vector<Pose> poses = maps.Decode({10, 16, 0.f, 0.f, 0});
  EXPECT_NEAR(poses.empty(), false);
  for (const Pose& pose : poses) {
    for (const auto& point : pose.keypoints) EXPECT_NEAR(point.y + point.x, 0);
  }
}

// Bilinear: half-way between a logit of 3 and one of -10.
void TestSamplingBetweenCells() {
  constexpr int kLeftWrist = 9, kColumn = 3 + 9 % 5;  // a leaf: nothing grows on from it
  Maps<float> maps(9, 12, Type::kFloat32);
  maps.AddPerson(4, 3, 4.f);
  maps.SetLogit(4, kColumn, kLeftWrist, 3.f);
  maps.short_offsets[maps.Cell(4, kColumn) * 2 * kNumKeypoints + kLeftWrist] = 8.f;
  maps.short_offsets[maps.Cell(5, kColumn) * 2 * kNumKeypoints + kLeftWrist] = -8.f;
  const std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 1);
  EXPECT_NEAR(poses[0].keypoints[kLeftWrist].y, 4.5 * 16);
  EXPECT_NEAR(poses[0].keypoint_scores[kLeftWrist], 1 / (1 + std::exp(3.5)));
}

void TestThresholdsOfZeroAndOne() {
  Maps<float> maps(9, 12, Type::kFloat32);
  maps.AddPerson(4, 3, 20.f);
  EXPECT_NEAR(maps.Decode({10, 16, 1.f, 10.f, 0}).size(), 0);
  EXPECT_NEAR(maps.Decode({10, 16, 0.f, 10.f, 0}).size() > 0, true);
}

void TestInstanceMasks() {
  Maps<float> maps(6, 12, Type::kFloat32);
  maps.AddPerson(1, 0, 4.f);
  maps.AddPerson(4, 6, 5.f);
  std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 2);
  std::vector<float> masks(10 * 6 * 12, kNan);
  posenet::DecodeInstanceMasks(maps.features, kOptions, poses.data(), 2, masks.data());
  float sums[10] = {};
  for (size_t i = 0; i < masks.size(); ++i) sums[i / (6 * 12)] += masks[i];
  EXPECT_NEAR(sums[0] + sums[1], 6 * 12);  // every cell is somebody's
  EXPECT_NEAR(sums[0] > 12 && sums[1] > 12, true);
  for (int i = 2; i < 10; ++i) EXPECT_NEAR(sums[i], 0);
  EXPECT_NEAR(masks[0 * 72 + 5 * 12 + 11], 1);  // bottom right: the better pose
  EXPECT_NEAR(masks[1 * 72 + 0], 1);            // top left: the other
  posenet::DecodeInstanceMasks(maps.features, kOptions, poses.data(), 0, masks.data());
  for (float value : masks) EXPECT_NEAR(value, 0);
}

void TestChecks() {
  const auto wrong = [](Options options) { return posenet::CheckOptions(options) != nullptr; };
  EXPECT_NEAR(wrong(kOptions), false);
  EXPECT_NEAR(wrong({0, 16, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({1001, 16, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 0, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, kNan, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 1.5f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 0.2f, -1.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 0.2f, kNan, 0}), true);

  const Maps<uint8_t> maps(3, 4, Type::kUint8, 0.1f, 128);
  EXPECT_NEAR(posenet::CheckFeatures(maps.features) == nullptr, true);
  Features broken = maps.features;
  broken.short_offsets.height = 4;
  EXPECT_NEAR(posenet::CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.forward_offsets.type = Type::kFloat32;
  EXPECT_NEAR(posenet::CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.heatmaps.channels = 16;
  EXPECT_NEAR(posenet::CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.long_offsets.scale = 0.f;
  EXPECT_NEAR(posenet::CheckFeatures(broken) == nullptr, false);
}

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
    const int count = posenet::DecodePoses(maps.features, options, poses.data());
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
      posenet::DecodeInstanceMasks(maps.features, options, poses.data(), count, masks.data());
    }
  }
}

void TestFlexBuffersFuzz() {
  std::mt19937 random(2);
  // {"max_detections": 10, "nms_radius": 10.0, "stride": 16}, 4 bytes a value.
  std::vector<uint8_t> good = {
      'm', 'a', 'x', '_', 'd', 'e', 't', 'e', 'c', 't', 'i', 'o', 'n', 's', 0,
      'n', 'm', 's', '_', 'r', 'a', 'd', 'i', 'u', 's', 0,
      's', 't', 'r', 'i', 'd', 'e', 0,
      3, 34, 20, 10,                                  // the keys: their number, where each is
      3, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,             // where the keys are, their width, number
      10, 0, 0, 0, 0, 0, 0x20, 0x41, 16, 0, 0, 0,     // the values
      6, 14, 6,                                       // their types: int, float, int, 4 bytes
      15, 38, 1};                                     // the root: a map of 4-byte values
  double value = 0;
  const bool found = posenet::FlexBufferNumber(good.data(), good.size(), "nms_radius", &value);
  EXPECT_NEAR(found, true);
  EXPECT_NEAR(value, 10);
  EXPECT_NEAR(posenet::FlexBufferNumber(good.data(), good.size(), "stride", &value), true);
  EXPECT_NEAR(value, 16);
  EXPECT_NEAR(posenet::FlexBufferNumber(good.data(), good.size(), "strides", &value), false);
  for (int round = 0; round < 200000; ++round) {
    // On the heap and of its exact size, so that the sanitizer sees a byte too far.
    std::vector<uint8_t> bad(good.begin(), good.end() - (round % 3 ? 0 : random() % good.size()));
    for (int i = 0; i < 1 + round % 3 && !bad.empty(); ++i) {
      bad[random() % bad.size()] = static_cast<uint8_t>(random());
    }
    posenet::FlexBufferNumber(bad.data(), bad.size(), "nms_radius", &value);
  }
}

}  // namespace

int main() {
  TestEdgesFormATree();
  TestNobody();
  TestOnePerson<float>(Type::kFloat32, 1.f, 0);
  TestOnePerson<uint8_t>(Type::kUint8, 1.f, 128);
  TestOnePerson<int8_t>(Type::kInt8, 1.f, 3);
  TestTwoPeopleBestFirstAndMaxPoses();
  TestSuppressionRadius();
  TestSharedKeypointsCountOnce();
  TestShortOffsetsAndClamping();
  TestSamplingBetweenCells();
  TestThresholdsOfZeroAndOne();
  TestInstanceMasks();
  TestChecks();
  TestFuzz();
  TestFlexBuffersFuzz();
  std::printf("%d failures\n", failures);
  return failures > 0;
}
