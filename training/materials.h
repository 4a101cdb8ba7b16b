// Colours of surfaces: procedural cloth, painted faces, eyes, hair, textures.
//
// A pattern is read at the surface coordinates c[3] of a point, in decimetres.
#ifndef TRAINING_MATERIALS_H_
#define TRAINING_MATERIALS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace {

// Mirrors MATERIAL in rasterizer.py: 32 floats.
struct Material {
  float kind;  // one of Kind
  float color[3];
  float color2[3];
  float frequency;  // of the pattern, cycles a decimetre
  float pattern;    // one of Pattern
  float noise;      // strength of the mottling, 0 to 1
  float specular;
  float cutout;  // hair: share of the strands that are left out
  float shininess;
  float offset[3];  // of the pattern, decimetres
  float extra[15];  // by kind, see Albedo
  float bump;       // strength of the wrinkles in the normal
};

enum Kind { kSurface, kSkin, kEye, kHair, kTexture };
enum Pattern {
  kPlain, kStripesAcross, kStripesDown, kCheck, kBlotches, kDots, kClouds, kDiagonal, kPrint,
  kBricks, kWood, kTiles, kPlaid
};

constexpr float kTwoPi = 6.2831853f;

inline uint32_t Hash(int x, int y, int z) {
  uint32_t h = x * 374761393u + y * 668265263u + z * 2147483647u;
  h = (h ^ (h >> 13)) * 1274126177u;
  return h ^ (h >> 16);
}

// Smooth value noise in [0, 1], one lattice point a unit.
float Noise(float x, float y, float z) {
  const int ix = static_cast<int>(floorf(x)), iy = static_cast<int>(floorf(y)),
            iz = static_cast<int>(floorf(z));
  float fx = x - ix, fy = y - iy, fz = z - iz;
  fx = fx * fx * (3 - 2 * fx);
  fy = fy * fy * (3 - 2 * fy);
  fz = fz * fz * (3 - 2 * fz);
  auto at = [&](int a, int b, int c) {
    return (Hash(ix + a, iy + b, iz + c) & 0xffff) / 65535.f;
  };
  const float a = at(0, 0, 0) * (1 - fx) + at(1, 0, 0) * fx;
  const float b = at(0, 1, 0) * (1 - fx) + at(1, 1, 0) * fx;
  const float c = at(0, 0, 1) * (1 - fx) + at(1, 0, 1) * fx;
  const float d = at(0, 1, 1) * (1 - fx) + at(1, 1, 1) * fx;
  return (a * (1 - fy) + b * fy) * (1 - fz) + (c * (1 - fy) + d * fy) * fz;
}

float Fractal(float x, float y, float z) {
  return .5f * Noise(x, y, z) + .3f * Noise(2.1f * x + 7, 2.1f * y, 2.1f * z) +
         .2f * Noise(4.3f * x, 4.3f * y + 5, 4.3f * z);
}

inline float Fraction(float x) { return x - floorf(x); }
inline float Square(float t) { return sinf(t * kTwoPi) > 0 ? 1.f : 0.f; }

inline void Mix(float* a, const float* b, float weight) {
  for (int k = 0; k < 3; ++k) a[k] = a[k] * (1 - weight) + b[k] * weight;
}

// The share of the second colour at a point of the surface.
float PatternAt(const Material& m, float x, float y, float z) {
  const float f = m.frequency;
  switch (static_cast<int>(m.pattern)) {
    case kStripesAcross: return Square(y * f);
    case kStripesDown: return Square(x * f);
    case kCheck: return .5f * Square(x * f) + .5f * Square(y * f);
    case kBlotches: return Fractal(x * f, y * f, z * f) > .5f;
    case kDots: {
      const float dx = Fraction(x * f) - .5f, dy = Fraction(y * f) - .5f;
      return dx * dx + dy * dy < .08f;
    }
    case kClouds: return Fractal(x * f, y * f, z * f);
    case kDiagonal: return sinf((x + y) * f * kTwoPi) > .6f;
    case kPrint:  // a patch on the chest: extra = centre x, half width, centre y, half height
      return fabsf(x - m.extra[0]) < m.extra[1] && fabsf(y - m.extra[2]) < m.extra[3] && z > 0;
    case kBricks: {
      const float by = y * f * 2;
      const float bx = x * f + (static_cast<int>(floorf(by)) & 1) * .5f;
      return Fraction(bx) < .06f || Fraction(by) < .1f;
    }
    case kWood:
      return .5f + .5f * sinf((x * f + 2 * Fractal(x * f * .5f, y * f * .1f, z * f * .5f)) *
                              kTwoPi);
    case kTiles: return Fraction(x * f) < .04f || Fraction(y * f) < .04f;
    case kPlaid:
      return .4f * Square(x * f) + .3f * Square(y * f) + .3f * (Square(x * f * 3.1f) > 0) *
             Square(y * f * 2.7f);
    default: return 0;
  }
}

void SurfaceColor(const Material& m, const float* c, float* out) {
  const float x = c[0] + m.offset[0], y = c[1] + m.offset[1], z = c[2] + m.offset[2];
  const float share = PatternAt(m, x, y, z);
  const float mottle = 1 + m.noise * (2 * (Fractal(x * 6, y * 6, z * 6) - .5f) +
                                      (Noise(x * 45, y * 45, z * 45) - .5f));
  for (int k = 0; k < 3; ++k)
    out[k] = (m.color[k] * (1 - share) + m.color2[k] * share) * mottle;
}

// A painted face. extra: 0-2 eye (|x|, y, z), 3-5 mouth, 6-8 hair colour, 9 lips, 10 beard,
// 11 hair line, 12-14 centre of the skull.
void SkinColor(const Material& m, const float* c, float* out) {
  SurfaceColor(m, c, out);
  const float* e = m.extra;
  const float scale = e[0] / .30f;
  const float ex = fabsf(c[0]) - e[0], ey = c[1] - e[1], ez = c[2] - e[2];
  const float bx = ex / (.20f * scale);
  const float by = (ey - .17f * scale - .06f * scale * (1 - bx * bx)) / (.045f * scale);
  if (ez > -.35f * scale && bx * bx + by * by < 1.4f)
    Mix(out, e + 6, .8f * (Noise(c[0] * 40, c[1] * 40, c[2] * 20) * .5f + .5f));
  const float socket = ex * ex / (.05f * scale * scale) + ey * ey / (.022f * scale * scale);
  if (ez > -.4f * scale && socket < 1)
    for (int k = 0; k < 3; ++k) out[k] *= 1 - .35f * (1 - socket);
  const float lx = c[0] - e[3], ly = c[1] - e[4], lz = c[2] - e[5];
  const float lips = lx * lx / (.075f * scale * scale) + ly * ly / (.0075f * scale * scale);
  if (lz > -.5f * scale && lips < 1) {
    const float red[3] = {out[0] * .85f, out[1] * .55f, out[2] * .55f};
    Mix(out, red, e[9] * (lips < .6f ? 1 : (1 - lips) / .4f));
    if (fabsf(ly) < .012f * scale)
      for (int k = 0; k < 3; ++k) out[k] *= .55f;
  } else if (e[10] > 0 && ly < .16f * scale && ly > -.75f * scale &&
             c[2] > e[14] - .3f * scale) {
    Mix(out, e + 6, e[10] * (.4f + .6f * Noise(c[0] * 50, c[1] * 50, c[2] * 50)) *
                        std::min(1.f, (.16f * scale - ly) / (.1f * scale)) *
                        std::min(1.f, (ly + .75f * scale) / (.2f * scale)));
  }
  const float hx = c[1] - e[13], hz = c[2] - e[14];
  const float scalp = hx * .9f - hz * .55f - .05f * Noise(c[0] * 9, c[1] * 9, c[2] * 9);
  if (hx > -1.5f * scale && scalp > e[11])
    Mix(out, e + 6, std::min(1.f, (scalp - e[11]) / (.12f * scale)) *
                        (.75f + .25f * Noise(c[0] * 40, c[1] * 8, c[2] * 40)));
}

// extra: 0-1 eye (|x|, y), 3-5 iris, 6 radius of the eyeball.
void EyeColor(const Material& m, const float* c, float* out) {
  const float ex = fabsf(c[0]) - m.extra[0], ey = c[1] - m.extra[1];
  const float r = sqrtf(ex * ex + ey * ey) / m.extra[6];
  const float white[3] = {.82f, .8f, .78f};
  for (int k = 0; k < 3; ++k) out[k] = r < .22f ? .02f : r < .5f ? m.extra[3 + k] : white[k];
}

float Strand(const Material& m, const float* c) {
  return Noise(c[0] * m.frequency * 3 + m.offset[0], c[1] * m.frequency * .35f,
               c[2] * m.frequency * 3);
}

// extra: 0 index of the texture, 1-2 texture widths a decimetre along c[0] and c[1].
void TextureColor(const Material& m, const float* c, const uint8_t* textures, int size,
                  float* out) {
  const uint8_t* t = textures + static_cast<size_t>(m.extra[0]) * size * size * 3;
  const float u = Fraction((c[0] + m.offset[0]) * m.extra[1]) * size;
  const float v = Fraction(-(c[1] + m.offset[1]) * m.extra[2]) * size;
  const int x = std::min(size - 1, static_cast<int>(u)), y = std::min(size - 1, static_cast<int>(v));
  const int x1 = (x + 1) % size, y1 = (y + 1) % size;
  const float fx = u - x, fy = v - y;
  for (int k = 0; k < 3; ++k) {
    const float top = t[(y * size + x) * 3 + k] * (1 - fx) + t[(y * size + x1) * 3 + k] * fx;
    const float low = t[(y1 * size + x) * 3 + k] * (1 - fx) + t[(y1 * size + x1) * 3 + k] * fx;
    out[k] = (top * (1 - fy) + low * fy) / 255.f * m.color[k];
  }
}

}  // namespace

#endif  // TRAINING_MATERIALS_H_
