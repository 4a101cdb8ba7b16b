// What decoder.wasm exports to engine/decoder.js: the decoder, the fitting of images, and memory.

#include <cstdint>
#include <cstdlib>

#include "../../posenet_decoder/decoder.h"
#include "fit.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

// Memory of a number of bytes, or NULL.
EXPORT(posenet_allocate)
void* posenet_allocate(size_t bytes) { return std::malloc(bytes); }

EXPORT(posenet_release)
void posenet_release(void* memory) { std::free(memory); }

// Fit. covered: filled with the width and height in pixels of the canvas that the image covers.
EXPORT(posenet_fit)
void posenet_fit(const uint8_t* rgba, int width, int height, uint8_t* rgb, int canvas_width,
                 int canvas_height, int* covered) {
  const posenet::Canvas canvas =
      posenet::Fit({rgba, width, height}, {rgb, canvas_width, canvas_height});
  covered[0] = canvas.width;
  covered[1] = canvas.height;
}

// DecodePoses, as plugin.cc exports it. Returns what is wrong, or NULL; then *count is set.
EXPORT(posenet_decode)
const char* posenet_decode(const posenet::Features* features, const posenet::Options* options,
                           posenet::Pose* poses, int32_t* count) {
  if (const char* error = posenet::CheckOptions(*options)) return error;
  if (const char* error = posenet::CheckFeatures(*features)) return error;
  *count = posenet::DecodePoses(*features, *options, poses);
  return nullptr;
}
