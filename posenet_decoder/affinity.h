// Part affinity fields: from heatmaps and fields of vectors to people.
//
// Cao et al., Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields, arXiv 1611.08050,
// sections 2.2 to 2.4. This is the mathematics alone. Which parts and bones there are, and where a
// network has them, is a layout that the caller gives.
#ifndef POSENET_DECODER_AFFINITY_H_
#define POSENET_DECODER_AFFINITY_H_

#include <cstdint>

namespace posenet {

constexpr int kMaxParts = 64, kMaxBones = 128;
constexpr int kMaxPeaks = 128;  // of one part: the best are kept
constexpr int kMaxSide = 4096;  // cells

// Two parts whose distance a field bridges with unit vectors that lead from the first to the second.
struct Bone {
  int32_t from, to;  // parts
  int32_t x, y;      // channels of the field's components
};

struct Layout {
  int32_t num_parts, num_bones;
  const Bone* bones;
};

// The network's answer: planes one behind the other.
struct Fields {
  const float* heatmaps;    // [num_parts, height, width], 0 to 1
  const float* affinities;  // [channels, height, width]
  int32_t channels, height, width;
};

struct AssemblyOptions {
  int32_t max_poses;      // 1 to 1000
  int32_t stride;         // pixels from one cell to the next, 1 or more
  int32_t min_parts;      // people with fewer are dropped, 1 or more
  float part_threshold;   // 0 to 1, lowest score of a part
  float score_threshold;  // 0 to 1, lowest score of a person
  float nms_radius;       // pixels, 0 or more: nearer than this is the same part
};

struct Part {
  float y, x;   // input-image pixels from the centre of the first cell
  float score;  // 0 to 1; 0 for a part that was not found, which is at (0, 0)
};

// What is wrong with the arguments of Assemble, or nullptr.
const char* CheckAssembly(const Layout& layout, const Fields& fields,
                          const AssemblyOptions& options);

// Fills parts[i * num_parts .. ) and scores[i] for i in [0, count), best first, and returns count,
// at most max_poses. A person's score is the mean of the scores of their parts and of the links
// between them, 0 to 1.
// The arguments must have passed their check. Infinities and NaN never become a person's number.
int Assemble(const Layout& layout, const Fields& fields, const AssemblyOptions& options,
             Part* parts, float* scores);

}  // namespace posenet

#endif  // POSENET_DECODER_AFFINITY_H_
