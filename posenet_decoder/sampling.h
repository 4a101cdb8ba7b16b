// Reading feature maps between their cells, and walking over the grid by offsets.
#ifndef POSENET_DECODER_SAMPLING_H_
#define POSENET_DECODER_SAMPLING_H_

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "decoder.h"

namespace posenet {

// Between two neighbouring cells of one axis: where to read, and how much each cell counts.
class Between {
 public:
  explicit Between(float position) : first_(static_cast<int>(position)) {
    const float fraction = position - first_;
    // On a cell both reads are of that cell, half and half: an infinite neighbour must not count.
    has_second_ = fraction > 0.f;
    second_weight_ = has_second_ ? fraction : 0.5f;
    first_weight_ = 1.f - second_weight_;
  }

  ptrdiff_t First(ptrdiff_t step) const { return first_ * step; }
  ptrdiff_t ToSecond(ptrdiff_t step) const { return has_second_ ? step : 0; }
  float Mix(float first, float second) const {
    return first * first_weight_ + second * second_weight_;
  }

 private:
  int first_;
  bool has_second_;
  float first_weight_, second_weight_;
};

// The four cells around a point (in cells) of the grid.
struct Neighbourhood {
  explicit Neighbourhood(const Point& point) : y(point.y), x(point.x) {}

  Between y, x;
};

// A map with values of type T, read as multiples of `unit`: 1 for the map's own unit (logits or
// pixels), the stride in pixels for cells.
template <typename T>
class Sampler {
 public:
  Sampler(const Map& map, float unit)
      : data_(static_cast<const T*>(map.data)),
        row_(static_cast<ptrdiff_t>(map.width) * map.channels),
        cell_(map.channels),
        factor_((kIsFloat ? 1.f : map.scale) / unit),
        zero_point_(static_cast<float>(map.zero_point)) {}

  float At(const Neighbourhood& around, int channel) const {
    const T* value = data_ + around.y.First(row_) + around.x.First(cell_) + channel;
    const ptrdiff_t down = around.y.ToSecond(row_), right = around.x.ToSecond(cell_);
    return Dequantised(around.y.Mix(around.x.Mix(value[0], value[right]),
                                    around.x.Mix(value[down], value[down + right])));
  }

  float Dequantised(float stored) const {
    return kIsFloat ? factor_ * stored : factor_ * (stored - zero_point_);
  }

 private:
  static constexpr bool kIsFloat = std::is_floating_point<T>::value;

  const T* data_;
  ptrdiff_t row_, cell_;  // values from one row, one cell to the next
  float factor_, zero_point_;
};

// The grid's last row and column, in cells.
struct Grid {
  explicit Grid(const Map& map) : bottom(map.height - 1.f), right(map.width - 1.f) {}

  // The point moved by an offset, and back onto the grid. NaN becomes 0.
  Point Move(const Point& point, float dy, float dx) const {
    return {Clamp(point.y + dy, bottom), Clamp(point.x + dx, right)};
  }

  static float Clamp(float value, float highest) {
    return std::min(value > 0.f ? value : 0.f, highest);
  }

  float bottom, right;
};

// A map of offsets, all y channels before all x channels, that leads from point to point. Points
// are in cells.
template <typename T>
class Offsets {
 public:
  Offsets(const Map& map, int pairs, int stride)
      : offsets_(map, static_cast<float>(stride)), pairs_(pairs), grid_(map) {}

  // In cells, of the pair of channels number `pair`.
  float Y(const Neighbourhood& around, int pair) const { return offsets_.At(around, pair); }
  float X(const Neighbourhood& around, int pair) const {
    return offsets_.At(around, pair + pairs_);
  }

  // The point moved `times` times by the pair of channels number `pair`.
  Point Follow(Point point, int pair, int times = 1) const {
    for (int i = 0; i < times; ++i) {
      const Neighbourhood around(point);
      point = grid_.Move(point, Y(around, pair), X(around, pair));
    }
    return point;
  }

 private:
  Sampler<T> offsets_;
  int pairs_;
  Grid grid_;
};

}  // namespace posenet

#endif  // POSENET_DECODER_SAMPLING_H_
