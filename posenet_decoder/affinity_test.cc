// Unit tests of the assembly from part affinity fields, and random fields through it.

#include "affinity.h"

#include <random>

#include "testing.h"

namespace posenet {
namespace {

// A chain of four parts, whose fields have x before y.
constexpr int kParts = 4, kBones = 3;
constexpr Bone kChain[kBones] = {{0, 1, 0, 1}, {1, 2, 2, 3}, {2, 3, 4, 5}};
constexpr Layout kLayout = {kParts, kBones, kChain};
constexpr AssemblyOptions kUsual = {10, 8, 3, 0.1f, 0.2f, 6.f};

struct Scene {
  Scene(int height, int width) : height(height), width(width) {
    heatmaps.assign(static_cast<size_t>(kParts) * height * width, 0.f);
    affinities.assign(static_cast<size_t>(2 * kBones) * height * width, 0.f);
  }

  float& Heat(int part, int y, int x) { return heatmaps[(part * height + y) * width + x]; }
  float& Field(int channel, int y, int x) { return affinities[(channel * height + y) * width + x]; }

  // Somebody who lies in a row, a part every three cells from column x on.
  void AddPerson(int y, int x, float score, int parts = kParts) {
    for (int part = 0; part < parts; ++part) Heat(part, y, x + 3 * part) = score;
    for (int bone = 0; bone + 1 < parts; ++bone) {
      for (int i = 0; i <= 3; ++i) Field(2 * bone, y, x + 3 * bone + i) = 1.f;
    }
  }

  struct Answer {
    int count;
    std::vector<Part> parts;
    std::vector<float> scores;
  };

  Answer Assembled(const AssemblyOptions& options = kUsual) const {
    Answer answer = {0, std::vector<Part>(options.max_poses * kParts),
                     std::vector<float>(options.max_poses)};
    answer.count =
        Assemble(kLayout, {heatmaps.data(), affinities.data(), 2 * kBones, height, width}, options,
                 answer.parts.data(), answer.scores.data());
    return answer;
  }

  int height, width;
  std::vector<float> heatmaps, affinities;
};

void TestSomebody() {
  Scene scene(8, 20);
  EXPECT_NEAR(scene.Assembled().count, 0);
  scene.AddPerson(4, 5, 0.8f);
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.scores[0], (4 * 0.8 + 3) / 7);
  for (int part = 0; part < kParts; ++part) {
    EXPECT_NEAR(found.parts[part].y, 4 * 8);
    EXPECT_NEAR(found.parts[part].x, (5 + 3 * part) * 8);
    EXPECT_NEAR(found.parts[part].score, 0.8);
  }
}

void TestMissingParts() {
  Scene scene(8, 20);
  scene.AddPerson(4, 5, 0.8f, 3);
  auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.parts[3].score + found.parts[3].y + found.parts[3].x, 0);
  AssemblyOptions more = kUsual;
  more.min_parts = 4;
  EXPECT_NEAR(scene.Assembled(more).count, 0);
}

void TestBestFirstAndMaxPoses() {
  Scene scene(12, 20);
  scene.AddPerson(2, 5, 0.5f);
  scene.AddPerson(8, 2, 0.9f);
  auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 2);
  EXPECT_NEAR(found.parts[0].y, 8 * 8);
  EXPECT_NEAR(found.parts[kParts].y, 2 * 8);
  AssemblyOptions one = kUsual;
  one.max_poses = 1;
  found = scene.Assembled(one);
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.parts[0].y, 8 * 8);
  AssemblyOptions strict = kUsual;
  strict.score_threshold = 0.8f;  // above (4 * 0.5 + 3) / 7
  EXPECT_NEAR(scene.Assembled(strict).count, 1);
}

// A field that points the other way, or across, joins nothing.
void TestDirections() {
  for (const float x : {-1.f, 0.f, 0.04f}) {
    Scene scene(8, 20);
    scene.AddPerson(4, 5, 0.8f);
    for (int column = 0; column < 20; ++column) {
      for (int bone = 0; bone < kBones; ++bone) {
        scene.Field(2 * bone, 4, column) = x;
        scene.Field(2 * bone + 1, 4, column) = 1.f;
      }
    }
    EXPECT_NEAR(scene.Assembled().count, 0);
  }
}

// Of two wrists one elbow gets the one that the field leads to; the other is nobody's.
void TestOneLinkForEachPart() {
  Scene scene(8, 24);
  scene.AddPerson(4, 5, 0.8f);
  scene.Heat(3, 4, 17) = 0.9f;
  for (int column = 14; column <= 17; ++column) scene.Field(4, 4, column) = 0.3f;
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.parts[3].x, 14 * 8);
}

// A neighbour's part is not taken over, however the weaker links lead.
void TestPeopleKeepTheirParts() {
  Scene scene(8, 30);
  scene.AddPerson(2, 2, 0.8f);
  scene.AddPerson(5, 2, 0.8f);
  for (int y = 2; y <= 5; ++y) scene.Field(1, y, 2) = scene.Field(3, y, 5) = 0.4f;
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 2);
  for (int i = 0; i < 2 && found.count == 2; ++i) {
    for (int part = 1; part < kParts; ++part) {
      EXPECT_NEAR(found.parts[i * kParts + part].y, found.parts[i * kParts].y);
    }
  }
}

// Between cells, where a Gaussian's summit lies, and as high.
void TestSummits() {
  Scene scene(9, 20);
  scene.AddPerson(4, 5, 0.8f);
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 10; ++x) {
      const float dy = y - 4.3f, dx = x - 4.8f;
      scene.Heat(0, y, x) = 0.7f * std::exp(-(dy * dy + dx * dx) / 1.5f);
    }
  }
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.parts[0].y, 4.3 * 8);
  EXPECT_NEAR(found.parts[0].x, 4.8 * 8);
  EXPECT_NEAR(found.parts[0].score, 0.7);
}

// Equal neighbours are one part; a nearer one than the radius is the same.
void TestPlateausAndRadius() {
  Scene scene(8, 20);
  scene.AddPerson(4, 5, 0.8f);
  for (int y = 3; y <= 5; ++y) {
    for (int x = 5; x <= 6; ++x) scene.Heat(0, y, x) = 0.8f;
  }
  EXPECT_NEAR(scene.Assembled().count, 1);
  AssemblyOptions alone = kUsual;
  alone.min_parts = 1;
  EXPECT_NEAR(scene.Assembled(alone).count, 1);
  scene.Heat(0, 7, 5) = 0.7f;  // two cells from the nearest
  EXPECT_NEAR(scene.Assembled(alone).count, 2);
  alone.nms_radius = 40.f;
  EXPECT_NEAR(scene.Assembled(alone).count, 1);
}

// Parts at the same place have no direction between them, and are joined weakly.
void TestTouchingParts() {
  Scene scene(8, 20);
  for (int part = 0; part < kParts; ++part) scene.Heat(part, 4, 5) = 0.9f;
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.scores[0], (4 * 0.9 + 3 * 0.05) / 7);
}

// A map without any structure shows nobody.
void TestFlatMaps() {
  for (const float value : {0.9f, kInfinity, kNan}) {
    Scene scene(8, 20);
    scene.heatmaps.assign(scene.heatmaps.size(), value);
    scene.affinities.assign(scene.affinities.size(), value);
    EXPECT_NEAR(scene.Assembled().count, 0);
  }
}

void TestInfinities() {
  Scene scene(8, 20);
  scene.AddPerson(4, 5, 0.8f);
  scene.Heat(0, 4, 5) = kInfinity;
  scene.Heat(1, 4, 9) = scene.Field(0, 4, 4) = kNan;
  scene.Field(2, 4, 9) = kInfinity;
  const auto found = scene.Assembled();
  EXPECT_NEAR(found.count, 1);
  EXPECT_NEAR(found.parts[0].score, 1);
  EXPECT_NEAR(found.parts[0].x, 5 * 8);
  EXPECT_NEAR(found.scores[0], (1 + 3 * 0.8 + 3) / 7);
}

void TestAssemblyChecks() {
  const auto wrong = [](const Bone& bone, const Fields& fields = {nullptr, nullptr, 6, 3, 4},
                        const AssemblyOptions& options = kUsual, int parts = kParts) {
    return CheckAssembly({parts, 1, &bone}, fields, options) != nullptr;
  };
  const Bone good = {0, 1, 4, 5};
  EXPECT_NEAR(wrong(good), false);
  EXPECT_NEAR(wrong({0, 0, 0, 1}), true);
  EXPECT_NEAR(wrong({0, 4, 0, 1}), true);
  EXPECT_NEAR(wrong({-1, 1, 0, 1}), true);
  EXPECT_NEAR(wrong({0, 1, 5, 6}), true);
  EXPECT_NEAR(wrong({0, 1, -1, 0}), true);
  EXPECT_NEAR(wrong(good, {nullptr, nullptr, 6, 0, 4}), true);
  EXPECT_NEAR(wrong(good, {nullptr, nullptr, 6, 3, 4097}), true);
  EXPECT_NEAR(wrong(good, {nullptr, nullptr, 6, 3, 4}, kUsual, 65), true);
  EXPECT_NEAR(CheckAssembly({kParts, 129, nullptr}, {nullptr, nullptr, 6, 3, 4}, kUsual) != nullptr,
              true);
  const auto refuses = [&](const AssemblyOptions& options) {
    return wrong(good, {nullptr, nullptr, 6, 3, 4}, options);
  };
  EXPECT_NEAR(refuses({0, 8, 3, 0.1f, 0.2f, 6.f}), true);
  EXPECT_NEAR(refuses({1001, 8, 3, 0.1f, 0.2f, 6.f}), true);
  EXPECT_NEAR(refuses({10, 0, 3, 0.1f, 0.2f, 6.f}), true);
  EXPECT_NEAR(refuses({10, 8, 0, 0.1f, 0.2f, 6.f}), true);
  EXPECT_NEAR(refuses({10, 8, 3, kNan, 0.2f, 6.f}), true);
  EXPECT_NEAR(refuses({10, 8, 3, 0.1f, 1.5f, 6.f}), true);
  EXPECT_NEAR(refuses({10, 8, 3, 0.1f, 0.2f, kNan}), true);
}

}  // namespace

void TestAffinity() {
  TestSomebody();
  TestMissingParts();
  TestBestFirstAndMaxPoses();
  TestDirections();
  TestOneLinkForEachPart();
  TestPeopleKeepTheirParts();
  TestSummits();
  TestPlateausAndRadius();
  TestTouchingParts();
  TestFlatMaps();
  TestInfinities();
  TestAssemblyChecks();
}

// Random fields with the values that hurt; the answers must be finite and in the picture.
void TestAffinityFuzz() {
  std::mt19937 random(2);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    const bool big = round % 500 == 0;
    Scene scene(1 + below(big ? 150 : 12), 1 + below(big ? 150 : 12));
    const float extremes[] = {kNan, kInfinity, -kInfinity, 1e38f, -1e38f, 0.f, 1e-40f, 1.f};
    const int hostility = below(3) * 20;  // percent
    for (auto* values : {&scene.heatmaps, &scene.affinities}) {
      for (float& value : *values) {
        value = below(100) < hostility ? extremes[below(8)] : (below(201) - 60) / 100.f;
      }
    }
    const AssemblyOptions options = {1 + below(30), 1 + below(64), 1 + below(5),
                                     below(101) / 100.f, below(101) / 100.f,
                                     below(4) ? below(100) / 2.f : kInfinity};
    const auto found = scene.Assembled(options);
    EXPECT_NEAR(found.count >= 0 && found.count <= options.max_poses, true);
    for (int i = 0; i < found.count; ++i) {
      EXPECT_NEAR(found.scores[i] >= options.score_threshold && found.scores[i] <= 1, true);
      EXPECT_NEAR(i == 0 || found.scores[i] <= found.scores[i - 1], true);
      for (int part = 0; part < kParts; ++part) {
        const Part& each = found.parts[i * kParts + part];
        EXPECT_NEAR(each.y >= 0 && each.y <= (scene.height - 1) * options.stride, true);
        EXPECT_NEAR(each.x >= 0 && each.x <= (scene.width - 1) * options.stride, true);
        EXPECT_NEAR(each.score >= 0 && each.score <= 1, true);
      }
    }
  }
}

}  // namespace posenet
