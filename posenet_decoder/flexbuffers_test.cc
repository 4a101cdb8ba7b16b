// The FlexBuffers reader on a good buffer and on damaged ones.

#include "testing.h"

#include <random>

#include "flexbuffers.h"

namespace posenet {

void TestFlexBuffers() {
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
  const bool found = FlexBufferNumber(good.data(), good.size(), "nms_radius", &value);
  EXPECT_NEAR(found, true);
  EXPECT_NEAR(value, 10);
  EXPECT_NEAR(FlexBufferNumber(good.data(), good.size(), "stride", &value), true);
  EXPECT_NEAR(value, 16);
  EXPECT_NEAR(FlexBufferNumber(good.data(), good.size(), "strides", &value), false);
  for (int round = 0; round < 200000; ++round) {
    // On the heap and of its exact size, so that the sanitizer sees a byte too far.
    std::vector<uint8_t> bad(good.begin(), good.end() - (round % 3 ? 0 : random() % good.size()));
    for (int i = 0; i < 1 + round % 3 && !bad.empty(); ++i) {
      bad[random() % bad.size()] = static_cast<uint8_t>(random());
    }
    FlexBufferNumber(bad.data(), bad.size(), "nms_radius", &value);
  }
}

}  // namespace posenet
