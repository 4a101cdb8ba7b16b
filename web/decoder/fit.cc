#include "fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace posenet {
namespace {

constexpr uint8_t kPadding = 128;      // the grey that the network calls 0
constexpr double kAverageBelow = 0.5;  // the scale from which on shrinking takes an average

// The part of a canvas that an image covers; its rows are as far apart as the canvas's.
struct Target {
  uint8_t* pixels;
  int width, height;
  ptrdiff_t row;  // bytes

  uint8_t* Row(int y) const { return pixels + y * row; }
};

const uint8_t* RowOf(const Image& image, int y) {
  return image.pixels + static_cast<ptrdiff_t>(y) * image.width * kRgba;
}

uint8_t Rounded(float value) {
  return static_cast<uint8_t>(std::min(std::max(std::nearbyint(value), 0.f), 255.f));
}

// Which pixel of `from` each one of `to` is. The middles of pixels often lie on an edge, and OpenCV on
// x86 decides by the sum of so many steps, with its rounding.
std::vector<int> Nearest(int from, int to) {
  std::vector<int> places(to);
  const double step = static_cast<double>(from) / to;
  double middle = 0.5 * step;
  for (int& place : places) {
    place = std::min(static_cast<int>(middle), from - 1);
    middle += step;
  }
  return places;
}

void TakeNearest(const Image& image, const Target& target) {
  const std::vector<int> columns = Nearest(image.width, target.width);
  const std::vector<int> rows = Nearest(image.height, target.height);
  for (int y = 0; y < target.height; ++y) {
    const uint8_t* source = RowOf(image, rows[y]);
    uint8_t* pixel = target.Row(y);
    for (int x = 0; x < target.width; ++x, pixel += kRgb) {
      std::copy_n(source + columns[x] * kRgba, kRgb, pixel);
    }
  }
}

// How much of a pixel `from` of the image goes into the pixel `to` of the target, along one axis.
struct Share {
  int to, from;
  float weight;
};

// The shares of INTER_AREA: what a pixel of the target covers of the image.
std::vector<Share> Shares(int from, int to) {
  constexpr double kLeast = 1e-3;  // less of a pixel does not count
  const double scale = 1.0 / (static_cast<double>(to) / from);
  std::vector<Share> shares;
  for (int i = 0; i < to; ++i) {
    const double start = i * scale, end = start + scale, width = std::min(scale, from - start);
    const int last = std::min(static_cast<int>(std::floor(end)), from - 1);
    const int first = std::min(static_cast<int>(std::ceil(start)), last);
    if (first - start > kLeast) {
      shares.push_back({i, first - 1, static_cast<float>((first - start) / width)});
    }
    for (int j = first; j < last; ++j) shares.push_back({i, j, static_cast<float>(1.0 / width)});
    if (end - last > kLeast) {
      const double part = std::min(std::min(end - last, 1.0), width);
      shares.push_back({i, last, static_cast<float>(part / width)});
    }
  }
  return shares;
}

void TakeAverage(const Image& image, const Target& target) {
  const std::vector<Share> columns = Shares(image.width, target.width);
  std::vector<float> row(target.width * kRgb), sum(target.width * kRgb);
  const std::vector<Share> rows = Shares(image.height, target.height);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::fill(row.begin(), row.end(), 0.f);
    const uint8_t* source = RowOf(image, rows[i].from);
    for (const Share& share : columns) {
      for (int c = 0; c < kRgb; ++c) {
        row[share.to * kRgb + c] += source[share.from * kRgba + c] * share.weight;
      }
    }
    if (i == 0 || rows[i - 1].to != rows[i].to) std::fill(sum.begin(), sum.end(), 0.f);
    for (size_t x = 0; x < sum.size(); ++x) sum[x] += rows[i].weight * row[x];
    if (i + 1 == rows.size() || rows[i + 1].to != rows[i].to) {
      std::transform(sum.begin(), sum.end(), target.Row(rows[i].to), Rounded);
    }
  }
}

// The average where the target's pixels are blocks of `across` times `down` whole ones: as OpenCV,
// which sums integers then.
void TakeBlocks(const Image& image, const Target& target, int across, int down) {
  const float share = 1.f / (across * down);
  for (int y = 0; y < target.height; ++y) {
    uint8_t* pixel = target.Row(y);
    for (int x = 0; x < target.width; ++x, pixel += kRgb) {
      int sums[kRgb] = {};
      for (int j = 0; j < down; ++j) {
        const uint8_t* source = RowOf(image, y * down + j) + x * across * kRgba;
        for (int i = 0; i < across; ++i, source += kRgba) {
          for (int c = 0; c < kRgb; ++c) sums[c] += source[c];
        }
      }
      for (int c = 0; c < kRgb; ++c) pixel[c] = Rounded(sums[c] * share);
    }
  }
}

// Between which pixels of the image a pixel of the target lies, and how much each counts.
struct Between {
  int first, second;
  int first_weight, second_weight;  // 2048 in all
};

// OpenCV gives all weight to the pixel at an edge along rows, but keeps both weights along columns.
std::vector<Between> Interpolation(int from, int to, bool along_row) {
  constexpr float kOne = 2048.f;
  const double scale = 1.0 / (static_cast<double>(to) / from);
  std::vector<Between> places(to);
  for (int i = 0; i < to; ++i) {
    float place = static_cast<float>((i + 0.5) * scale - 0.5);
    const int first = static_cast<int>(std::floor(place));
    place -= first;
    if (along_row && (first < 0 || first >= from - 1)) place = 0.f;
    places[i] = {std::min(std::max(first, 0), from - 1),
                 std::min(std::max(first + 1, 0), from - 1),
                 static_cast<int>(std::nearbyint((1.f - place) * kOne)),
                 static_cast<int>(std::nearbyint(place * kOne))};
  }
  return places;
}

void Interpolate(const Image& image, const Target& target) {
  const std::vector<Between> columns = Interpolation(image.width, target.width, true);
  const std::vector<Between> rows = Interpolation(image.height, target.height, false);
  for (int y = 0; y < target.height; ++y) {
    const uint8_t* above = RowOf(image, rows[y].first);
    const uint8_t* below = RowOf(image, rows[y].second);
    uint8_t* pixel = target.Row(y);
    for (const Between& column : columns) {
      for (int c = 0; c < kRgb; ++c) {
        const int left = column.first * kRgba + c, right = column.second * kRgba + c;
        const int top = above[left] * column.first_weight + above[right] * column.second_weight;
        const int bottom = below[left] * column.first_weight + below[right] * column.second_weight;
        *pixel++ = static_cast<uint8_t>(((rows[y].first_weight * (top >> 4) >> 16) +
                                         (rows[y].second_weight * (bottom >> 4) >> 16) + 2) >> 2);
      }
    }
  }
}

void Draw(const Image& image, const Target& target, double scale) {
  const bool whole = image.width % target.width == 0 && image.height % target.height == 0;
  if (scale >= 1) {
    Interpolate(image, target);
  } else if (scale >= kAverageBelow) {
    TakeNearest(image, target);
  } else if (whole) {
    TakeBlocks(image, target, image.width / target.width, image.height / target.height);
  } else {
    TakeAverage(image, target);
  }
}

}  // namespace

Canvas Fit(const Image& image, const Canvas& canvas) {
  const double scale = std::min(static_cast<double>(canvas.width) / image.width,
                                static_cast<double>(canvas.height) / image.height);
  const int width = std::max(1, static_cast<int>(std::nearbyint(image.width * scale)));
  const int height = std::max(1, static_cast<int>(std::nearbyint(image.height * scale)));
  const ptrdiff_t row = static_cast<ptrdiff_t>(canvas.width) * kRgb;
  Draw(image, {canvas.pixels, width, height, row}, scale);
  for (int y = 0; y < height; ++y) {
    std::fill(canvas.pixels + y * row + width * kRgb, canvas.pixels + (y + 1) * row, kPadding);
  }
  std::fill(canvas.pixels + height * row, canvas.pixels + canvas.height * row, kPadding);
  return {canvas.pixels, width, height};
}

}  // namespace posenet
