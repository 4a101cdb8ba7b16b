// What is wrong with options and feature maps, before anything is decoded.

#include <cmath>

#include "decoder.h"

namespace posenet {
namespace {

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

}  // namespace posenet
