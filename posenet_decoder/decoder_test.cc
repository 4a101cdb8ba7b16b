// Unit tests of the mathematics. Prints one line per failure and then their number.
// tests/engine/test_decoder.py compiles all *_test.cc with the address sanitizer and runs them.

#include "testing.h"

#include <algorithm>

#include "roots.h"

namespace posenet {

namespace {

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

// A float map's infinity counts on its own cell, not on the cell beside it.
void TestInfiniteNeighbours() {
  Maps<float> maps(9, 12, Type::kFloat32);
  maps.AddPerson(4, 3, 4.f);
  for (int k = 0; k < kNumKeypoints; ++k) {
    maps.SetLogit(4, 4 + k % 5, k, -kInfinity);
    maps.SetLogit(5, 3 + k % 5, k, -kInfinity);
  }
  std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 1);
  EXPECT_NEAR(poses[0].score, 1 / (1 + std::exp(-4.)));
  for (int k = 0; k < kNumKeypoints; ++k) maps.SetLogit(4, 3 + k % 5, k, kInfinity);
  poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 1);
  EXPECT_NEAR(poses[0].score, 1);
}

// Cells may lie further apart in memory than the channels that are read.
void TestSpareChannels() {
  Maps<uint8_t> maps(9, 12, Type::kUint8, 1.f, 128);
  maps.AddPerson(4, 3, 4.f);
  const std::vector<Pose> expected = maps.Decode();
  std::vector<uint8_t> wide(9 * 12 * 20, 255);  // what is not read would be a root everywhere
  for (size_t cell = 0; cell < 9 * 12; ++cell) {
    std::copy_n(&maps.heatmaps[cell * kNumKeypoints], kNumKeypoints, &wide[cell * 20]);
  }
  maps.features.heatmaps.data = wide.data();
  maps.features.heatmaps.channels = 20;
  const std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), expected.size());
  EXPECT_NEAR(poses[0].score, expected[0].score);
}

// Two equal neighbours are both roots; a cell beside a greater one is none, also at the border.
void TestPeaks() {
  Maps<int8_t> maps(3, 4, Type::kInt8);
  const auto count = [&] {
    int found = 0;
    CandidateQueue roots = FindRoots<int8_t>(maps.features.heatmaps, 0.5f);
    for (; !roots.empty(); ++found) roots.Pop();
    return found;
  };
  EXPECT_NEAR(count(), 0);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 4; ++x) {
      maps.SetLogit(y, x, 16, 5);
      EXPECT_NEAR(count(), 1);
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          const bool inside = y + dy >= 0 && y + dy < 3 && x + dx >= 0 && x + dx < 4;
          if (!inside || (dy == 0 && dx == 0)) continue;
          maps.SetLogit(y + dy, x + dx, 16, 6);
          EXPECT_NEAR(count(), 1);
          maps.SetLogit(y + dy, x + dx, 16, 5);
          EXPECT_NEAR(count(), 2);
          maps.SetLogit(y + dy, x + dx, 16, -10);
        }
      }
      maps.SetLogit(y, x, 16, -10);
    }
  }
}

}  // namespace

void TestDecoder() {
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
  TestInfiniteNeighbours();
  TestSpareChannels();
  TestPeaks();
}

}  // namespace posenet

int main() {
  posenet::TestDecoder();
  posenet::TestInstanceMasks();
  posenet::TestChecks();
  posenet::TestFlexBuffers();
  posenet::TestFuzz();
  posenet::TestAffinity();
  posenet::TestAffinityFuzz();
  std::printf("%d failures\n", posenet::failures);
  return posenet::failures > 0;
}
