// Loads a decoder library as a program does that was not compiled with it, and decodes a made-up
// case: the offsets of all cells point at one person, whose scores are 0.8.
//
//     decode_known_case LIBRARY

#include "../posenet_decoder/decoder.h"

#include <cmath>
#include <cstddef>
#include <cstdio>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace {

constexpr int kCells = 6, kStride = 16;

void* Find(const char* library, const char* name) {
#ifdef _WIN32
  HMODULE handle = LoadLibraryA(library);
  return handle ? reinterpret_cast<void*>(GetProcAddress(handle, name)) : nullptr;
#else
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) std::printf("%s\n", dlerror());
  return handle ? dlsym(handle, name) : nullptr;
#endif
}

int Fail(const char* what) {
  std::printf("%s\n", what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using posenet::kNumKeypoints;
  if (argc != 2) return Fail("expected the path of a library");
  auto decode = reinterpret_cast<const char* (*)(const posenet::Features*, const posenet::Options*,
                                                 posenet::Pose*, int32_t*)>(
      Find(argv[1], "posenet_decode"));
  auto create = reinterpret_cast<void* (*)(char**, char**, size_t, void (*)(const char*))>(
      Find(argv[1], "tflite_plugin_create_delegate"));
  auto destroy = reinterpret_cast<void (*)(void*)>(
      Find(argv[1], "tflite_plugin_destroy_delegate"));
  if (!decode || !create || !destroy) return Fail("the library lacks a function, or does not load");

  static float heatmaps[kCells][kCells][kNumKeypoints];
  static float short_offsets[kCells][kCells][2 * kNumKeypoints];
  static float mid_offsets[kCells][kCells][64];
  for (int y = 0; y < kCells; ++y) {
    for (int x = 0; x < kCells; ++x) {
      for (int k = 0; k < kNumKeypoints; ++k) {
        heatmaps[y][x][k] = std::log(0.8f / 0.2f);
        short_offsets[y][x][k] = 8.0f + 4 * k - kStride * y;
        short_offsets[y][x][kNumKeypoints + k] = 40.0f - 2 * k - kStride * x;
      }
    }
  }
  const auto map = [](const void* data, int channels) {
    return posenet::Map{data, posenet::Type::kFloat32, kCells, kCells, channels, 1, 0};
  };
  const posenet::Features features = {map(heatmaps, kNumKeypoints),
                                      map(short_offsets, 2 * kNumKeypoints), map(mid_offsets, 64),
                                      map(&mid_offsets[0][0][32], 64), {}};
  const posenet::Options options = {10, kStride, 0.2f, 10, 1};
  posenet::Pose poses[10];
  int32_t count = 0;
  if (const char* error = decode(&features, &options, poses, &count)) return Fail(error);
  if (count != 1) return Fail("there is one pose, the decoder finds another count");
  for (int k = 0; k < kNumKeypoints; ++k) {
    const posenet::Pose& pose = poses[0];
    if (std::fabs(pose.keypoints[k].y - (8 + 4 * k)) > 0.01f ||
        std::fabs(pose.keypoints[k].x - (40 - 2 * k)) > 0.01f ||
        std::fabs(pose.keypoint_scores[k] - 0.8f) > 1e-4f) {
      return Fail("a keypoint is elsewhere, or has another score");
    }
  }

  char key[] = "score_threshold", value[] = "0.25", wrong[] = "much";
  char *keys[] = {key}, *values[] = {value}, *wrong_values[] = {wrong};
  void* delegate = create(keys, values, 1, nullptr);
  if (delegate == nullptr) return Fail("no delegate is made");
  destroy(delegate);
  if (create(keys, wrong_values, 1, nullptr)) return Fail("a wrong option makes a delegate");
  std::printf("the decoder answers the known case\n");
  return 0;
}
