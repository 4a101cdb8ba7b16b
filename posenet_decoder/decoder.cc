#include "decoder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "roots.h"
#include "sampling.h"

namespace posenet {
namespace {

constexpr int kShortOffsetSteps = 5;  // after a mid offset

// A step along an edge, from a keypoint that a pose has to one that it lacks.
struct Step {
  int edge, from, to;
  bool forward;  // from the edge's parent to its child
};

// The edges form a tree, so from any keypoint there is one way to each other.
using Walk = std::array<Step, kNumEdges>;

// The steps from a keypoint to all others, nearest first. PersonLab visits the surest keypoint
// first; since each is reached by one way only, the order changes nothing.
constexpr Walk WalkFrom(int root) {
  Walk walk = {};
  int reached[kNumKeypoints] = {root};
  bool walked[kNumEdges] = {};
  for (int i = 0, count = 0; i <= count; ++i) {
    for (int edge = 0; edge < kNumEdges; ++edge) {
      const bool forward = kEdges[edge][0] == reached[i];
      if (walked[edge] || !(forward || kEdges[edge][1] == reached[i])) continue;
      walked[edge] = true;
      const int to = kEdges[edge][forward ? 1 : 0];
      walk[count] = {edge, reached[i], to, forward};
      reached[++count] = to;
    }
  }
  return walk;
}

constexpr std::array<Walk, kNumKeypoints> AllWalks() {
  std::array<Walk, kNumKeypoints> walks = {};
  for (int root = 0; root < kNumKeypoints; ++root) walks[root] = WalkFrom(root);
  return walks;
}

constexpr std::array<Walk, kNumKeypoints> kWalks = AllWalks();

float Sigmoid(float logit) {
  const float score = 1.f / (1.f + std::exp(-logit));
  return score >= 0.f ? score : 0.f;  // NaN is no evidence
}

bool IsNear(const Point& a, const Point& b, float radius) {
  const float dy = a.y - b.y, dx = a.x - b.x;
  return dy * dy + dx * dx <= radius * radius;
}

float Mean(const float* scores) {
  float sum = 0.f;
  for (int k = 0; k < kNumKeypoints; ++k) sum += scores[k];
  return sum / kNumKeypoints;
}

template <typename T>
class Decoder {
 public:
  Decoder(const Features& features, const Options& options)
      : features_(features),
        options_(options),
        radius_(options.nms_radius / options.stride),
        grid_(features.heatmaps),
        heatmaps_(features.heatmaps, 1.f),
        short_offsets_(features.short_offsets, kNumKeypoints, options.stride),
        forward_offsets_(features.forward_offsets, kNumEdges, options.stride),
        backward_offsets_(features.backward_offsets, kNumEdges, options.stride) {}

  int Decode(Pose* poses) const {
    int count = 0;
    CandidateQueue queue = FindRoots<T>(features_.heatmaps, options_.score_threshold);
    while (!queue.empty() && count < options_.max_poses) {
      const Candidate candidate = queue.Pop();
      const Point root = short_offsets_.Follow(
          {static_cast<float>(candidate.y), static_cast<float>(candidate.x)}, candidate.keypoint);
      if (IsTaken(root, candidate.keypoint, poses, count)) continue;
      Grow(root, candidate.keypoint, &poses[count]);
      if (poses[count].score >= options_.score_threshold) ++count;
    }
    return Suppress(poses, count);
  }

 private:
  bool IsTaken(const Point& point, int keypoint, const Pose* poses, int count) const {
    return std::any_of(poses, poses + count, [&](const Pose& pose) {
      return IsNear(point, pose.keypoints[keypoint], radius_);
    });
  }

  // Finds a pose's other keypoints, in cells, and scores it.
  void Grow(const Point& root, int keypoint, Pose* pose) const {
    pose->keypoints[keypoint] = root;
    for (const Step& step : kWalks[keypoint]) {
      pose->keypoints[step.to] = short_offsets_.Follow(
          Take(step, pose->keypoints[step.from]), step.to, kShortOffsetSteps);
    }
    for (int k = 0; k < kNumKeypoints; ++k) {
      pose->keypoint_scores[k] = Sigmoid(heatmaps_.At(Neighbourhood(pose->keypoints[k]), k));
    }
    pose->score = Mean(pose->keypoint_scores);
  }

  Point Take(const Step& step, const Point& point) const {
    if (step.edge == 0 && !step.forward && options_.coral) {
      // From the left eye back to the nose the published op reads two channels that do not belong
      // together: x of the forward edge as y, y of the backward edge as x. Found by comparing
      // answers; done here as there, since the same model must give the same poses.
      const Neighbourhood around(point);
      return grid_.Move(point, forward_offsets_.X(around, 0), backward_offsets_.Y(around, 0));
    }
    return (step.forward ? forward_offsets_ : backward_offsets_).Follow(point, step.edge);
  }

  // Scores the poses again: a keypoint that a better pose already claims counts as 0. Drops the
  // poses that this leaves below the threshold, and turns cells into pixels.
  int Suppress(Pose* poses, int count) const {
    const auto better = [](const Pose& a, const Pose& b) { return a.score > b.score; };
    std::stable_sort(poses, poses + count, better);
    for (int i = 0; i < count; ++i) poses[i].score = UnclaimedScore(poses[i], poses, i);
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

  // The mean score of a pose's keypoints without those that one of `count` better poses claims.
  float UnclaimedScore(const Pose& pose, const Pose* better, int count) const {
    float scores[kNumKeypoints];
    std::copy(pose.keypoint_scores, pose.keypoint_scores + kNumKeypoints, scores);
    for (int i = 0; i < count; ++i) {
      for (int k = 0; k < kNumKeypoints; ++k) {
        if (IsNear(pose.keypoints[k], better[i].keypoints[k], radius_)) scores[k] = 0.f;
      }
    }
    return Mean(scores);
  }

  const Features& features_;
  const Options& options_;
  const float radius_;  // cells
  const Grid grid_;
  const Sampler<T> heatmaps_;
  const Offsets<T> short_offsets_, forward_offsets_, backward_offsets_;
};

}  // namespace

int DecodePoses(const Features& features, const Options& options, Pose* poses) {
  switch (features.heatmaps.type) {
    case Type::kUint8: return Decoder<uint8_t>(features, options).Decode(poses);
    case Type::kInt8: return Decoder<int8_t>(features, options).Decode(poses);
    case Type::kFloat32: break;
  }
  return Decoder<float>(features, options).Decode(poses);
}

}  // namespace posenet
