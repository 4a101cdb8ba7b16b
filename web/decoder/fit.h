// Images into a network's input, as posesuite/engine/image.py fits them with OpenCV, byte for byte.
#ifndef WEB_DECODER_FIT_H_
#define WEB_DECODER_FIT_H_

#include <cstdint>

namespace posenet {

constexpr int kRgba = 4, kRgb = 3;  // bytes of a pixel of an image, and of a network's input

struct Image {
  const uint8_t* pixels;  // [height, width, RGBA]
  int width, height;
};

struct Canvas {
  uint8_t* pixels;  // [height, width, RGB]
  int width, height;
};

// Draws an image into the top left of a canvas, its aspect ratio kept, and grey beside it. Returns
// the canvas that it covers: its width and height in the canvas's pixels.
Canvas Fit(const Image& image, const Canvas& canvas);

}  // namespace posenet

#endif  // WEB_DECODER_FIT_H_
