// Where poses can grow from: the peaks of the heatmaps, best first.
#ifndef POSENET_DECODER_ROOTS_H_
#define POSENET_DECODER_ROOTS_H_

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "decoder.h"
#include "sampling.h"

namespace posenet {

struct Candidate {
  float logit;
  int y, x, keypoint;  // y and x in cells
};

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

// Sets *lowest to the least stored value whose score reaches the threshold, so that the search
// compares what lies in memory. False if no value of the type does.
template <typename T>
bool LowestStored(const Sampler<T>& heatmaps, float score_threshold, T* lowest) {
  const float logit = -std::log(1.f / (score_threshold + 1e-6f) - 1.f);
  if constexpr (std::is_floating_point<T>::value) {
    *lowest = logit;  // NaN, for a threshold of 1, lets nothing pass
    return true;
  } else {
    using Limits = std::numeric_limits<T>;
    for (int stored = Limits::min(); stored <= Limits::max(); ++stored) {
      *lowest = static_cast<T>(stored);
      if (heatmaps.Dequantised(static_cast<float>(stored)) >= logit) return true;
    }
    return false;
  }
}

// How many keypoints of a cell have at least the value `lowest`. The loop has no branches, so that
// compilers turn it into a few vector instructions.
template <typename T>
int CountReaching(const T* cell, T lowest) {
  int count = 0;
  for (int k = 0; k < kNumKeypoints; ++k) count += cell[k] >= lowest ? 1 : 0;
  return count;
}

// The values from a cell to its neighbours; 0 at the border, where there is none.
struct Neighbours {
  ptrdiff_t up, down, left, right;

  // Whether no neighbour exceeds the value.
  template <typename T>
  bool IsPeak(const T* value) const {
    const auto exceeds = [value](ptrdiff_t distance) { return value[distance] > *value; };
    return !(exceeds(-left) || exceeds(right) || exceeds(-up) || exceeds(down) ||
             exceeds(-up - left) || exceeds(-up + right) || exceeds(down - left) ||
             exceeds(down + right));
  }
};

// The local maxima of the heatmaps whose scores reach the threshold.
template <typename T>
CandidateQueue FindRoots(const Map& map, float score_threshold) {
  const Sampler<T> heatmaps(map, 1.f);
  CandidateQueue queue;
  T lowest;
  if (!LowestStored(heatmaps, score_threshold, &lowest)) return queue;
  const ptrdiff_t row = static_cast<ptrdiff_t>(map.width) * map.channels;
  const T* cell = static_cast<const T*>(map.data);
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x, cell += map.channels) {
      int reaching = CountReaching(cell, lowest);
      if (reaching == 0) continue;
      const Neighbours neighbours = {y > 0 ? row : 0, y + 1 < map.height ? row : 0,
                                     x > 0 ? map.channels : 0,
                                     x + 1 < map.width ? map.channels : 0};
      for (int k = 0; reaching > 0; ++k) {
        if (!(cell[k] >= lowest)) continue;
        --reaching;
        if (neighbours.IsPeak(cell + k)) queue.Push({heatmaps.Dequantised(cell[k]), y, x, k});
      }
    }
  }
  return queue;
}

}  // namespace posenet

#endif  // POSENET_DECODER_ROOTS_H_
