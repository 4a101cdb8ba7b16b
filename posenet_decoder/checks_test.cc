// Unit tests of the checks.

#include "testing.h"

namespace posenet {

void TestChecks() {
  const auto wrong = [](Options options) { return CheckOptions(options) != nullptr; };
  EXPECT_NEAR(wrong(kOptions), false);
  EXPECT_NEAR(wrong({0, 16, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({1001, 16, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 0, 0.2f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, kNan, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 1.5f, 10.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 0.2f, -1.f, 0}), true);
  EXPECT_NEAR(wrong({10, 16, 0.2f, kNan, 0}), true);

  const Maps<uint8_t> maps(3, 4, Type::kUint8, 0.1f, 128);
  EXPECT_NEAR(CheckFeatures(maps.features) == nullptr, true);
  Features broken = maps.features;
  broken.short_offsets.height = 4;
  EXPECT_NEAR(CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.forward_offsets.type = Type::kFloat32;
  EXPECT_NEAR(CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.heatmaps.channels = 16;
  EXPECT_NEAR(CheckFeatures(broken) == nullptr, false);
  broken = maps.features;
  broken.long_offsets.scale = 0.f;
  EXPECT_NEAR(CheckFeatures(broken) == nullptr, false);
}

}  // namespace posenet
