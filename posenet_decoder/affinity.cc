#include "affinity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace posenet {
namespace {

constexpr int kSamples = 10;             // of a field, along the line between two parts
constexpr int kMaxMisses = 2;            // of them
constexpr float kLinkThreshold = 0.05f;  // least share of a sample's vector that points along
constexpr float kTouching = 0.5f;        // cells; nearer parts have no direction
constexpr float kFaint = 1e-3f;          // least share of a peak that its neighbours are taken for

// A local maximum of a heatmap, in cells.
struct Peak {
  float y, x, score;
};

// Two peaks that a bone joins.
struct Link {
  int bone, from, to;  // the peaks' indices among those of their parts
  float score;
};

// The summit of a parabola through three equidistant values, of which the middle one is greatest:
// how far from the middle it lies, and how much higher.
struct Summit {
  float offset, gain;
};

// Heatmaps are Gaussians around the parts, whose logarithms are parabolas.
Summit FindSummit(float before, float middle, float after) {
  const float left = std::log(std::max(before / middle, kFaint));
  const float right = std::log(std::max(after / middle, kFaint));
  const float offset = (left - right) / (left + right) / 2.f;
  if (!(std::abs(offset) <= 0.5f)) return {0.f, 0.f};  // also NaN, of equal or infinite values
  return {offset, (right - left) * offset / 4.f};
}

// A channel of the network's answer.
class Plane {
 public:
  Plane(const float* planes, int channel, const Fields& fields)
      : height_(fields.height),
        width_(fields.width),
        data_(planes + static_cast<size_t>(channel) * height_ * width_) {}

  float At(int y, int x) const { return data_[static_cast<size_t>(y) * width_ + x]; }

  // Between cells, at a position that lies on the grid.
  float At(float y, float x) const {
    const int top = static_cast<int>(y), left = static_cast<int>(x);
    const int bottom = std::min(top + 1, height_ - 1), right = std::min(left + 1, width_ - 1);
    const float down = y - top, across = x - left;
    return (At(top, left) * (1.f - across) + At(top, right) * across) * (1.f - down) +
           (At(bottom, left) * (1.f - across) + At(bottom, right) * across) * down;
  }

  // The best local maxima, best first, each with no better one within the radius in cells.
  std::vector<Peak> Peaks(float threshold, float radius) const {
    std::vector<Peak> found, kept;
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const float value = At(y, x);
        if (value >= threshold && value > 0.f && IsPeak(y, x, value)) {
          found.push_back(Refined(y, x, value));
        }
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Peak& a, const Peak& b) { return a.score > b.score; });
    for (const Peak& peak : found) {
      const bool is_new = std::none_of(kept.begin(), kept.end(), [&](const Peak& better) {
        return std::hypot(peak.y - better.y, peak.x - better.x) < radius;
      });
      if (is_new) kept.push_back(peak);
      if (kept.size() == kMaxPeaks) break;
    }
    return kept;
  }

 private:
  // Whether no neighbour exceeds the value, but some are lower; of equal ones the first is a peak.
  bool IsPeak(int y, int x, float value) const {
    bool has_lower = false;
    for (int i = std::max(y - 1, 0); i <= std::min(y + 1, height_ - 1); ++i) {
      for (int j = std::max(x - 1, 0); j <= std::min(x + 1, width_ - 1); ++j) {
        const bool earlier = i < y || (i == y && j < x);
        if (At(i, j) > value || (earlier && At(i, j) == value)) return false;
        has_lower = has_lower || At(i, j) < value;
      }
    }
    return has_lower;
  }

  Peak Refined(int y, int x, float value) const {
    Summit down = {0.f, 0.f}, across = {0.f, 0.f};
    if (y > 0 && y + 1 < height_) down = FindSummit(At(y - 1, x), value, At(y + 1, x));
    if (x > 0 && x + 1 < width_) across = FindSummit(At(y, x - 1), value, At(y, x + 1));
    return {y + down.offset, x + across.offset,
            std::min(value * std::exp(down.gain + across.gain), 1.f)};
  }

  int height_, width_;
  const float* data_;
};

using Peaks = std::vector<std::vector<Peak>>;  // of each part

// A bone's field.
class Field {
 public:
  Field(const Fields& fields, const Bone& bone)
      : x_(fields.affinities, bone.x, fields), y_(fields.affinities, bone.y, fields) {}

  // How well the vectors between two peaks lead from the one to the other, 0 to 1; 0 is no link.
  float Score(const Peak& from, const Peak& to) const {
    const float dy = to.y - from.y, dx = to.x - from.x, distance = std::hypot(dy, dx);
    if (distance < kTouching) return kLinkThreshold;
    float sum = 0.f;
    int misses = 0;
    for (int i = 0; i < kSamples; ++i) {
      const float share = static_cast<float>(i) / (kSamples - 1);
      const float y = from.y + (to.y - from.y) * share, x = from.x + (to.x - from.x) * share;
      const float along = (x_.At(y, x) * dx + y_.At(y, x) * dy) / distance;
      if (along > kLinkThreshold) {
        sum += std::min(along, 1.f);
      } else if (++misses > kMaxMisses) {  // or NaN
        return 0.f;
      }
    }
    return sum / (kSamples - misses);
  }

 private:
  Plane x_, y_;
};

// Adds a bone's links: each peak has one at most, better links come first.
void AddLinks(const Fields& fields, const Bone& bone, int number, const Peaks& peaks,
              std::vector<Link>* links) {
  const Field field(fields, bone);
  const std::vector<Peak>&from = peaks[bone.from], &to = peaks[bone.to];
  std::vector<Link> candidates;
  for (size_t i = 0; i < from.size(); ++i) {
    for (size_t j = 0; j < to.size(); ++j) {
      const float score = field.Score(from[i], to[j]);
      if (score > 0.f) {
        candidates.push_back({number, static_cast<int>(i), static_cast<int>(j), score});
      }
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Link& a, const Link& b) { return a.score > b.score; });
  std::array<bool, kMaxPeaks> from_used = {}, to_used = {};
  for (const Link& link : candidates) {
    if (from_used[link.from] || to_used[link.to]) continue;
    from_used[link.from] = to_used[link.to] = true;
    links->push_back(link);
  }
}

// Somebody as they come together from links.
struct Person {
  std::vector<int> peaks;  // of each part, or kNone
  int count;               // parts and links
  float sum;               // of their scores

  float Score() const { return sum / count; }
};

constexpr int kNone = -1;

class Crowd {
 public:
  Crowd(const Layout& layout, const Peaks& peaks) : owners_(layout.num_parts) {
    for (int part = 0; part < layout.num_parts; ++part) {
      for (size_t i = 0; i < peaks[part].size(); ++i) {
        owners_[part].push_back(people_.size());
        people_.push_back({std::vector<int>(layout.num_parts, kNone), 1, peaks[part][i].score});
        people_.back().peaks[part] = static_cast<int>(i);
      }
    }
  }

  // Makes one person of the owners of two peaks, unless they have a part in common.
  void Join(const Bone& bone, const Link& link) {
    const size_t keeper = owners_[bone.from][link.from], other = owners_[bone.to][link.to];
    Person &kept = people_[keeper], &given = people_[other];
    if (keeper != other) {
      for (size_t part = 0; part < owners_.size(); ++part) {
        if (kept.peaks[part] != kNone && given.peaks[part] != kNone) return;
      }
      for (size_t part = 0; part < owners_.size(); ++part) {
        if (given.peaks[part] == kNone) continue;
        kept.peaks[part] = given.peaks[part];
        owners_[part][given.peaks[part]] = keeper;
      }
      kept.count += given.count;
      kept.sum += given.sum;
      given.peaks.assign(owners_.size(), kNone);
    }
    ++kept.count;
    kept.sum += link.score;
  }

  // Everybody with that many parts and that score, best first.
  std::vector<Person> Best(int min_parts, float score_threshold) && {
    const auto is_too_little = [&](const Person& person) {
      const auto missing = std::count(person.peaks.begin(), person.peaks.end(), kNone);
      const auto found = static_cast<std::ptrdiff_t>(person.peaks.size()) - missing;
      return found < min_parts || !(person.Score() >= score_threshold);
    };
    people_.erase(std::remove_if(people_.begin(), people_.end(), is_too_little), people_.end());
    std::stable_sort(people_.begin(), people_.end(), [](const Person& a, const Person& b) {
      return a.Score() > b.Score();
    });
    return std::move(people_);
  }

 private:
  std::vector<std::vector<size_t>> owners_;  // of each peak of each part: an index of people_
  std::vector<Person> people_;  // those who have become a part of others have no peaks
};

}  // namespace

const char* CheckAssembly(const Layout& layout, const Fields& fields,
                          const AssemblyOptions& options) {
  if (layout.num_parts < 1 || layout.num_parts > kMaxParts) return "a layout has 1 to 64 parts";
  if (layout.num_bones < 0 || layout.num_bones > kMaxBones) return "a layout has 0 to 128 bones";
  const auto below = [](int value, int limit) { return value >= 0 && value < limit; };
  for (const Bone* bone = layout.bones; bone < layout.bones + layout.num_bones; ++bone) {
    if (!below(bone->from, layout.num_parts) || !below(bone->to, layout.num_parts) ||
        bone->from == bone->to) {
      return "a bone does not join two parts";
    }
    if (!below(bone->x, fields.channels) || !below(bone->y, fields.channels)) {
      return "the affinity fields have too few channels";
    }
  }
  if (fields.height < 1 || fields.height > kMaxSide || fields.width < 1 ||
      fields.width > kMaxSide) {
    return "the maps' sides must be 1 to 4096 cells";
  }
  if (options.max_poses < 1 || options.max_poses > 1000) return "max_poses must be 1 to 1000";
  if (options.stride < 1) return "stride must be 1 or more";
  if (options.min_parts < 1) return "min_parts must be 1 or more";
  if (!(options.part_threshold >= 0.f && options.part_threshold <= 1.f)) {
    return "part_threshold must be 0 to 1";
  }
  if (!(options.score_threshold >= 0.f && options.score_threshold <= 1.f)) {
    return "score_threshold must be 0 to 1";
  }
  if (!(options.nms_radius >= 0.f)) return "nms_radius must be 0 or more";
  return nullptr;
}

int Assemble(const Layout& layout, const Fields& fields, const AssemblyOptions& options,
             Part* parts, float* scores) {
  Peaks peaks;
  for (int part = 0; part < layout.num_parts; ++part) {
    peaks.push_back(Plane(fields.heatmaps, part, fields)
                        .Peaks(options.part_threshold, options.nms_radius / options.stride));
  }
  std::vector<Link> links;
  for (int i = 0; i < layout.num_bones; ++i) AddLinks(fields, layout.bones[i], i, peaks, &links);
  std::stable_sort(links.begin(), links.end(),
                   [](const Link& a, const Link& b) { return a.score > b.score; });
  Crowd crowd(layout, peaks);
  for (const Link& link : links) crowd.Join(layout.bones[link.bone], link);
  const auto people = std::move(crowd).Best(options.min_parts, options.score_threshold);
  const int count = std::min(static_cast<int>(people.size()), options.max_poses);
  for (int i = 0; i < count; ++i) {
    scores[i] = people[i].Score();
    for (int part = 0; part < layout.num_parts; ++part, ++parts) {
      *parts = {0.f, 0.f, 0.f};
      const int index = people[i].peaks[part];
      if (index == kNone) continue;
      const Peak& peak = peaks[part][index];
      *parts = {peak.y * options.stride, peak.x * options.stride, peak.score};
    }
  }
  return count;
}

}  // namespace posenet
