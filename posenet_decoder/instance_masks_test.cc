// Unit tests of the instance masks.

#include "testing.h"

namespace posenet {

void TestInstanceMasks() {
  Maps<float> maps(6, 12, Type::kFloat32);
  maps.AddPerson(1, 0, 4.f);
  maps.AddPerson(4, 6, 5.f);
  std::vector<Pose> poses = maps.Decode();
  EXPECT_NEAR(poses.size(), 2);
  std::vector<float> masks(10 * 6 * 12, kNan);
  DecodeInstanceMasks(maps.features, kOptions, poses.data(), 2, masks.data());
  float sums[10] = {};
  for (size_t i = 0; i < masks.size(); ++i) sums[i / (6 * 12)] += masks[i];
  EXPECT_NEAR(sums[0] + sums[1], 6 * 12);  // every cell is somebody's
  EXPECT_NEAR(sums[0] > 12 && sums[1] > 12, true);
  for (int i = 2; i < 10; ++i) EXPECT_NEAR(sums[i], 0);
  EXPECT_NEAR(masks[0 * 72 + 5 * 12 + 11], 1);  // bottom right: the better pose
  EXPECT_NEAR(masks[1 * 72 + 0], 1);            // top left: the other
  DecodeInstanceMasks(maps.features, kOptions, poses.data(), 0, masks.data());
  for (float value : masks) EXPECT_NEAR(value, 0);
}

}  // namespace posenet
