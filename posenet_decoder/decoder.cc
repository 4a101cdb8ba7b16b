#include "decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

namespace posenet {
namespace {

constexpr int kShortOffsetSteps = 5;  // after a mid offset
constexpr int kLongOffsetSteps = 3;   // from a cell of a person to a keypoint

struct Candidate {
  float logit;
  int y, x, keypoint;
};

float Sigmoid(float logit) {
  const float score = 1.f / (1.f + std::exp(-logit));
  return score >= 0.f ? score : 0.f;  // NaN is no evidence
}

// Written so that NaN becomes 0.
float Clamp(float value, float highest) {
  return value > 0.f ? std::min(value, highest) : 0.f;
}

bool Near(const Point& a, const Point& b, float radius) {
  const float dy = a.y - b.y, dx = a.x - b.x;
  return dy * dy + dx * dx <= radius * radius;
}

// A binary heap, best logit first. Quantised logits are full of equals, whose order decides what a
// pose grows from; std::priority_queue leaves that order to the library, and so would make poses
// depend on the compiler.
class CandidateQueue {
 public:
  bool empty() const { return heap_.empty(); }

  void Push(const Candidate& candidate) {
    heap_.push_back(candidate);
    Rise(heap_.size() - 1, candidate);
  }

  Candidate Pop() {
    const Candidate best = heap_.front(), last = heap_.back();
    heap_.pop_back();
    size_t hole = 0;
    for (size_t child = 1; child < heap_.size(); child = 2 * hole + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1].logit >= heap_[child].logit) ++child;
      heap_[hole] = heap_[child];
      hole = child;
    }
    if (!heap_.empty()) Rise(hole, last);
    return best;
  }

 private:
  void Rise(size_t hole, const Candidate& candidate) {
    for (; hole > 0 && heap_[(hole - 1) / 2].logit < candidate.logit; hole = (hole - 1) / 2) {
      heap_[hole] = heap_[(hole - 1) / 2];
    }
    heap_[hole] = candidate;
  }

  std::vector<Candidate> heap_;
};

template <typename T>
float Dequantised(const Map& map, float stored) {
  return std::is_floating_point<T>::value ? stored : map.scale * (stored - map.zero_point);
}

// A point on the grid and the four cells around it, shared by all channels sampled there.
class Bilinear {
 public:
  Bilinear(const Map& map, const Point& point) {
    const int y = static_cast<int>(point.y), x = static_cast<int>(point.x);
    const ptrdiff_t row = static_cast<ptrdiff_t>(map.width) * map.channels;
    origin_ = y * row + static_cast<ptrdiff_t>(x) * map.channels;
    down_ = y + 1 < map.height ? row : 0;
    right_ = x + 1 < map.width ? map.channels : 0;
    dy_ = point.y - y;
    dx_ = point.x - x;
  }

  template <typename T>
  float Sample(const Map& map, int channel) const {
    const T* cell = static_cast<const T*>(map.data) + origin_ + channel;
    const float top = Mix(cell[0], cell[right_], dx_);
    const float bottom = Mix(cell[down_], cell[down_ + right_], dx_);
    const float value = Mix(top, bottom, dy_);
    return Dequantised<T>(map, value);
  }

 private:
  // Not a + (b - a) * t: at t = 0 an infinite b must not count.
  static float Mix(float a, float b, float t) { return t == 0.f ? a : a * (1.f - t) + b * t; }

  ptrdiff_t origin_, down_, right_;
  float dy_, dx_;
};

// Moves a point (in cells) by a pair of offset channels (in pixels), and back onto the grid.
template <typename T>
Point Move(const Point& point, const Map& y_map, int y_channel, const Map& x_map, int x_channel,
           float stride) {
  const Bilinear at(y_map, point);
  return {Clamp(point.y + at.Sample<T>(y_map, y_channel) / stride, y_map.height - 1.f),
          Clamp(point.x + at.Sample<T>(x_map, x_channel) / stride, y_map.width - 1.f)};
}

// By a map's pair number `i`: all its y channels come before its x channels.
template <typename T>
Point Move(const Point& point, const Map& map, int i, int pairs, float stride) {
  return Move<T>(point, map, i, map, i + pairs, stride);
}

template <typename T>
class Decoder {
 public:
  Decoder(const Features& features, const Options& options)
      : features_(features), options_(options), radius_(options.nms_radius / options.stride) {}

  int Decode(Pose* poses) {
    int count = 0;
    for (CandidateQueue queue = FindRoots(); !queue.empty() && count < options_.max_poses;) {
      const Candidate candidate = queue.Pop();
      const Point root = Refine({static_cast<float>(candidate.y), static_cast<float>(candidate.x)},
                                candidate.keypoint, 1);
      if (IsTaken(root, candidate.keypoint, poses, count)) continue;
      Pose& pose = poses[count];
      Grow(root, candidate.keypoint, -1, &pose);
      pose.score = Mean(pose.keypoint_scores);
      if (pose.score >= options_.score_threshold) ++count;
    }
    return Suppress(poses, count);
  }

 private:
  // Local maxima of the heatmaps over the threshold.
  CandidateQueue FindRoots() const {
    const Map& map = features_.heatmaps;
    const T* data = static_cast<const T*>(map.data);
    const ptrdiff_t row = static_cast<ptrdiff_t>(map.width) * map.channels;
    T lowest;
    CandidateQueue queue;
    if (!LowestStored(&lowest)) return queue;
    for (int y = 0; y < map.height; ++y) {
      for (int x = 0; x < map.width; ++x) {
        const T* cell = data + y * row + static_cast<ptrdiff_t>(x) * map.channels;
        for (int k = 0; k < kNumKeypoints; ++k) {
          if (cell[k] >= lowest && IsPeak(cell + k, y, x, row)) {
            queue.Push({Dequantised<T>(map, cell[k]), y, x, k});
          }
        }
      }
    }
    return queue;
  }

  bool IsPeak(const T* value, int y, int x, ptrdiff_t row) const {
    const Map& map = features_.heatmaps;
    for (int dy = y > 0 ? -1 : 0; dy <= (y + 1 < map.height ? 1 : 0); ++dy) {
      for (int dx = x > 0 ? -1 : 0; dx <= (x + 1 < map.width ? 1 : 0); ++dx) {
        if (value[dy * row + dx * map.channels] > *value) return false;
      }
    }
    return true;
  }

  // The score threshold as a stored value, so that the search compares what lies in memory.
  bool LowestStored(T* lowest) const {
    const float logit = -std::log(1.f / (options_.score_threshold + 1e-6f) - 1.f);
    if constexpr (std::is_floating_point<T>::value) {
      *lowest = logit;  // NaN, for a threshold of 1, lets nothing pass
      return true;
    } else {
      using Limits = std::numeric_limits<T>;
      for (int stored = Limits::min(); stored <= Limits::max(); ++stored) {
        *lowest = static_cast<T>(stored);
        if (Dequantised<T>(features_.heatmaps, stored) >= logit) return true;
      }
      return false;
    }
  }

  Point Refine(Point point, int keypoint, int times) const {
    for (int i = 0; i < times; ++i) {
      point = Move<T>(point, features_.short_offsets, keypoint, kNumKeypoints, options_.stride);
    }
    return point;
  }

  bool IsTaken(const Point& point, int keypoint, const Pose* poses, int count) const {
    return std::any_of(poses, poses + count, [&](const Pose& pose) {
      return Near(point, pose.keypoints[keypoint], radius_);
    });
  }

  Point Follow(int edge, bool forward, const Point& point) const {
    if (edge == 0 && !forward && options_.coral) {
      // From the left eye back to the nose the published op reads two channels that do not belong
      // together: x of the forward edge as y, y of the backward edge as x. Found by comparing
      // answers; done here as there, since the same model must give the same poses.
      return Move<T>(point, features_.forward_offsets, kNumEdges, features_.backward_offsets, 0,
                     options_.stride);
    }
    return Move<T>(point, forward ? features_.forward_offsets : features_.backward_offsets, edge,
                   kNumEdges, options_.stride);
  }

  // Fixes a keypoint and walks on along every edge but the one it came by. PersonLab visits the
  // surest keypoint first; the edges form a tree, so each keypoint is reached by one way only and
  // the order changes nothing.
  void Grow(const Point& point, int keypoint, int from_edge, Pose* pose) const {
    const Map& heatmaps = features_.heatmaps;
    pose->keypoints[keypoint] = point;
    pose->keypoint_scores[keypoint] =
        Sigmoid(Bilinear(heatmaps, point).Sample<T>(heatmaps, keypoint));
    for (int edge = 0; edge < kNumEdges; ++edge) {
      const bool forward = kEdges[edge][0] == keypoint, backward = kEdges[edge][1] == keypoint;
      if (edge == from_edge || !(forward || backward)) continue;
      const int target = kEdges[edge][forward ? 1 : 0];
      Grow(Refine(Follow(edge, forward, point), target, kShortOffsetSteps), target, edge, pose);
    }
  }

  // Scores the poses anew, without the keypoints that a better pose has at the same place; drops
  // the ones that this leaves too weak, and goes from cells to pixels.
  int Suppress(Pose* poses, int count) const {
    const auto better = [](const Pose& a, const Pose& b) { return a.score > b.score; };
    std::stable_sort(poses, poses + count, better);
    for (int i = 0; i < count; ++i) {
      float scores[kNumKeypoints];
      for (int k = 0; k < kNumKeypoints; ++k) {
        scores[k] =
            IsTaken(poses[i].keypoints[k], k, poses, i) ? 0.f : poses[i].keypoint_scores[k];
      }
      poses[i].score = Mean(scores);
    }
    std::stable_sort(poses, poses + count, better);
    while (count > 0 && poses[count - 1].score < options_.score_threshold) --count;
    for (Pose* pose = poses; pose < poses + count; ++pose) {
      for (Point& point : pose->keypoints) {
        point.y *= options_.stride;
        point.x *= options_.stride;
      }
    }
    return count;
  }

  static float Mean(const float* scores) {
    float sum = 0.f;
    for (int k = 0; k < kNumKeypoints; ++k) sum += scores[k];
    return sum / kNumKeypoints;
  }

  const Features& features_;
  const Options& options_;
  const float radius_;  // cells
};

template <typename T>
void DecodeMasks(const Map& long_offsets, const Options& options, const Pose* poses, int count,
                 float* masks) {
  const size_t cells = static_cast<size_t>(long_offsets.height) * long_offsets.width;
  std::fill(masks, masks + cells * options.max_poses, 0.f);
  std::vector<float> distances(count);  // from where the cell points to each pose
  for (size_t cell = 0; count > 0 && cell < cells; ++cell) {
    std::fill(distances.begin(), distances.end(), 0.f);
    for (int k = 0; k < kNumKeypoints; ++k) {
      Point point = {static_cast<float>(cell / long_offsets.width),
                     static_cast<float>(cell % long_offsets.width)};
      for (int i = 0; i < kLongOffsetSteps; ++i) {
        point = Move<T>(point, long_offsets, k, kNumKeypoints, options.stride);
      }
      for (int i = 0; i < count; ++i) {
        const float dy = point.y * options.stride - poses[i].keypoints[k].y;
        const float dx = point.x * options.stride - poses[i].keypoints[k].x;
        distances[i] += dy * dy + dx * dx;
      }
    }
    const auto owner = std::min_element(distances.begin(), distances.end()) - distances.begin();
    masks[owner * cells + cell] = 1.f;
  }
}

const char* CheckMap(const Map& map, const Map& heatmaps, int channels) {
  if (map.height < 0 || map.height != heatmaps.height || map.width < 0 ||
      map.width != heatmaps.width) {
    return "the maps' heights and widths differ";
  }
  if (map.channels < channels) return "a map has too few channels";
  if (map.type != heatmaps.type) return "the maps' types differ";
  if (map.type != Type::kFloat32 && map.type != Type::kUint8 && map.type != Type::kInt8) {
    return "a map is neither float32 nor uint8 nor int8";
  }
  if (map.type != Type::kFloat32 && !(map.scale > 0.f && std::isfinite(map.scale))) {
    return "a quantised map has no scale";
  }
  return nullptr;
}

}  // namespace

const char* CheckOptions(const Options& options) {
  if (options.max_poses < 1 || options.max_poses > 1000) return "max_detections must be 1 to 1000";
  if (options.stride < 1) return "stride must be 1 or more";
  if (!(options.score_threshold >= 0.f && options.score_threshold <= 1.f)) {
    return "score_threshold must be 0 to 1";
  }
  if (!(options.nms_radius >= 0.f)) return "nms_radius must be 0 or more";
  return nullptr;
}

const char* CheckFeatures(const Features& features) {
  const struct {
    const Map& map;
    int channels;
  } maps[] = {{features.heatmaps, kNumKeypoints},
              {features.short_offsets, 2 * kNumKeypoints},
              {features.forward_offsets, 2 * kNumEdges},
              {features.backward_offsets, 2 * kNumEdges},
              {features.long_offsets.channels ? features.long_offsets : features.short_offsets,
               2 * kNumKeypoints}};
  for (const auto& each : maps) {
    if (const char* error = CheckMap(each.map, features.heatmaps, each.channels)) return error;
  }
  return nullptr;
}

int DecodePoses(const Features& features, const Options& options, Pose* poses) {
  switch (features.heatmaps.type) {
    case Type::kUint8: return Decoder<uint8_t>(features, options).Decode(poses);
    case Type::kInt8: return Decoder<int8_t>(features, options).Decode(poses);
    case Type::kFloat32: break;
  }
  return Decoder<float>(features, options).Decode(poses);
}

void DecodeInstanceMasks(const Features& features, const Options& options, const Pose* poses,
                         int count, float* masks) {
  const Map& map = features.long_offsets;
  switch (map.type) {
    case Type::kUint8: return DecodeMasks<uint8_t>(map, options, poses, count, masks);
    case Type::kInt8: return DecodeMasks<int8_t>(map, options, poses, count, masks);
    case Type::kFloat32: break;
  }
  return DecodeMasks<float>(map, options, poses, count, masks);
}

}  // namespace posenet
