// A small software rasterizer: triangles into a G-buffer, then light, shadows and procedural cloth.
//
// Camera space is right-handed as seen from behind the camera: x right, y up, z forward, all in
// decimetres (MakeHuman's unit). Buffers are row-major [H, W]. A pixel that nothing covers has
// depth 0: the depth buffer holds 1 / z, so that larger is nearer. The C ABI below is called by
// rasterizer.py with arrays that it has checked; nothing here allocates what it does not free.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

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

constexpr float kNear = 0.5f;
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

void Normalize(float* v) {
  const float length = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) + 1e-9f;
  for (int k = 0; k < 3; ++k) v[k] /= length;
}

inline float Dot(const float* a, const float* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

struct ScreenVertex { float x, y, inverse_z; };

// Calls pixel(index, weights, inverse_z, triangle) for every pixel that a triangle covers.
template <typename PixelFunction>
void Rasterize(int width, int height, float focal, int vertex_count, const float* vertices,
               int triangle_count, const int* triangles, PixelFunction pixel) {
  std::vector<ScreenVertex> screen(vertex_count);
  for (int i = 0; i < vertex_count; ++i) {
    const float* v = vertices + 3 * i;
    const float inverse = v[2] < kNear ? -1.f : 1 / v[2];
    screen[i] = {width * .5f + focal * v[0] * inverse, height * .5f - focal * v[1] * inverse,
                 inverse};
  }
  for (int i = 0; i < triangle_count; ++i) {
    const ScreenVertex &a = screen[triangles[3 * i]], &b = screen[triangles[3 * i + 1]],
                       &c = screen[triangles[3 * i + 2]];
    // Callers cut large surfaces into small ones, so that dropping those at the lens costs little.
    if (a.inverse_z < 0 || b.inverse_z < 0 || c.inverse_z < 0) continue;
    const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (fabsf(area) < 1e-6f) continue;
    const int left = std::max(0.f, ceilf(std::min({a.x, b.x, c.x}) - .5f));
    const int right = std::min(width - 1.f, floorf(std::max({a.x, b.x, c.x}) - .5f));
    const int top = std::max(0.f, ceilf(std::min({a.y, b.y, c.y}) - .5f));
    const int bottom = std::min(height - 1.f, floorf(std::max({a.y, b.y, c.y}) - .5f));
    const float inverse_area = 1 / area;
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        const float px = x + .5f, py = y + .5f;
        const float u = ((b.x - px) * (c.y - py) - (c.x - px) * (b.y - py)) * inverse_area;
        const float v = ((c.x - px) * (a.y - py) - (a.x - px) * (c.y - py)) * inverse_area;
        const float w = 1 - u - v;
        if (u < 0 || v < 0 || w < 0) continue;
        const float inverse_z = u * a.inverse_z + v * b.inverse_z + w * c.inverse_z;
        const float weights[3] = {u * a.inverse_z / inverse_z, v * b.inverse_z / inverse_z,
                                  w * c.inverse_z / inverse_z};
        pixel(static_cast<size_t>(y) * width + x, weights, inverse_z, i);
      }
    }
  }
}

}  // namespace

extern "C" {

// Linear blend skinning. bones: [n, 3, 4]; index and weight: [count, 4].
void SkinVertices(int count, const float* vertices, const int* index, const float* weight,
                  const float* bones, float* out) {
  for (int i = 0; i < count; ++i) {
    const float* v = vertices + 3 * i;
    float sum[3] = {0, 0, 0};
    for (int k = 0; k < 4; ++k) {
      const float w = weight[4 * i + k];
      if (w <= 0) continue;
      const float* m = bones + 12 * index[4 * i + k];
      for (int r = 0; r < 3; ++r)
        sum[r] += w * (m[4 * r] * v[0] + m[4 * r + 1] * v[1] + m[4 * r + 2] * v[2] + m[4 * r + 3]);
    }
    std::copy(sum, sum + 3, out + 3 * i);
  }
}

// Area-weighted vertex normals.
void VertexNormals(int count, const float* vertices, int triangle_count, const int* triangles,
                   float* normals) {
  memset(normals, 0, sizeof(float) * 3 * count);
  for (int i = 0; i < triangle_count; ++i) {
    const int* t = triangles + 3 * i;
    float e[3], g[3];
    for (int k = 0; k < 3; ++k) {
      e[k] = vertices[3 * t[1] + k] - vertices[3 * t[0] + k];
      g[k] = vertices[3 * t[2] + k] - vertices[3 * t[0] + k];
    }
    const float n[3] = {e[1] * g[2] - e[2] * g[1], e[2] * g[0] - e[0] * g[2],
                        e[0] * g[1] - e[1] * g[0]};
    for (int corner = 0; corner < 3; ++corner)
      for (int k = 0; k < 3; ++k) normals[3 * t[corner] + k] += n[k];
  }
  for (int i = 0; i < count; ++i) Normalize(normals + 3 * i);
}

// Draws a mesh into the G-buffer. coordinates: [count, 3], where the surface pattern is read.
void DrawMesh(int width, int height, float focal, int count, const float* vertices,
              const float* normals, const float* coordinates, int triangle_count,
              const int* triangles, const int* triangle_materials, const Material* materials,
              int instance, float* depth, float* normal_buffer, float* coordinate_buffer,
              int* material_buffer, int* instance_buffer) {
  Rasterize(width, height, focal, count, vertices, triangle_count, triangles,
            [&](size_t p, const float* w, float inverse_z, int i) {
    if (inverse_z <= depth[p]) return;
    const int* t = triangles + 3 * i;
    float c[3];
    for (int k = 0; k < 3; ++k)
      c[k] = w[0] * coordinates[3 * t[0] + k] + w[1] * coordinates[3 * t[1] + k] +
             w[2] * coordinates[3 * t[2] + k];
    const Material& m = materials[triangle_materials[i]];
    if (m.cutout > 0 && Strand(m, c) < m.cutout) return;
    depth[p] = inverse_z;
    material_buffer[p] = triangle_materials[i];
    instance_buffer[p] = instance;
    for (int k = 0; k < 3; ++k) {
      coordinate_buffer[3 * p + k] = c[k];
      normal_buffer[3 * p + k] = w[0] * normals[3 * t[0] + k] + w[1] * normals[3 * t[1] + k] +
                                 w[2] * normals[3 * t[2] + k];
    }
  });
}

// Draws depth alone: a shadow map, seen from the light.
void DrawDepth(int size, float focal, int count, const float* vertices, int triangle_count,
               const int* triangles, float* depth) {
  Rasterize(size, size, focal, count, vertices, triangle_count, triangles,
            [&](size_t p, const float*, float inverse_z, int) {
    depth[p] = std::max(depth[p], inverse_z);
  });
}

// light, 21 floats: 0-2 direction to the key light, 3-5 its colour, 6-8 light from above,
// 9-11 from below, 12-14 direction to the fill light, 15-17 its colour, 18 softness of the
// shadows in pixels of the map, 19 focal length of the map, 20 its bias in decimetres.
// to_light: [3, 4], camera space to the light's. out: [H, W, 3], 1 = white, unclipped.
void ShadeBuffer(int width, int height, float focal, const float* depth,
                 const float* normal_buffer, const float* coordinate_buffer,
                 const int* material_buffer, const Material* materials, const uint8_t* textures,
                 int texture_size, const float* light, const float* to_light, const float* shadow,
                 int shadow_size, float* out) {
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t p = static_cast<size_t>(y) * width + x;
      if (depth[p] <= 0) continue;
      const Material& m = materials[material_buffer[p]];
      const float* c = coordinate_buffer + 3 * p;
      float n[3] = {normal_buffer[3 * p], normal_buffer[3 * p + 1], normal_buffer[3 * p + 2]};
      Normalize(n);
      const float z = 1 / depth[p];
      const float at[3] = {(x + .5f - width * .5f) / focal * z,
                           -(y + .5f - height * .5f) / focal * z, z};
      float view[3] = {-at[0], -at[1], -at[2]};
      Normalize(view);
      if (Dot(n, view) < 0)
        for (int k = 0; k < 3; ++k) n[k] = -n[k];
      float albedo[3];
      switch (static_cast<int>(m.kind)) {
        case kSkin: SkinColor(m, c, albedo); break;
        case kEye: EyeColor(m, c, albedo); break;
        case kHair: {
          const float w = .55f + .9f * Strand(m, c);
          for (int k = 0; k < 3; ++k) albedo[k] = m.color[k] * w;
          break;
        }
        case kTexture: TextureColor(m, c, textures, texture_size, albedo); break;
        default: SurfaceColor(m, c, albedo);
      }
      if (m.bump > 0) {
        n[0] += m.bump * (Fractal(c[0] * 5, c[1] * 3, c[2] * 5) - .5f);
        n[1] += m.bump * (Fractal(c[0] * 5 + 9, c[1] * 3, c[2] * 5) - .5f);
        Normalize(n);
      }
      float lit = 1;
      if (shadow_size > 0) {
        float l[3];
        for (int k = 0; k < 3; ++k) l[k] = Dot(to_light + 4 * k, at) + to_light[4 * k + 3];
        if (l[2] > kNear) {
          const float u = shadow_size * .5f + light[19] * l[0] / l[2];
          const float v = shadow_size * .5f - light[19] * l[1] / l[2];
          const float nearer = 1 / (l[2] - light[20]);
          float covered = 0;
          for (int j = -1; j <= 1; ++j)
            for (int i = -1; i <= 1; ++i) {
              const int su = static_cast<int>(u + i * light[18]);
              const int sv = static_cast<int>(v + j * light[18]);
              if (su >= 0 && sv >= 0 && su < shadow_size && sv < shadow_size)
                covered += shadow[static_cast<size_t>(sv) * shadow_size + su] > nearer;
            }
          lit = 1 - covered / 9;
        }
      }
      const float key = lit * std::max(0.f, (Dot(n, light) + .15f) / 1.15f);
      const float fill = std::max(0.f, Dot(n, light + 12));
      const float up = .5f + .5f * n[1];
      float half[3] = {light[0] + view[0], light[1] + view[1], light[2] + view[2]};
      Normalize(half);
      const float gloss = m.specular > 0 && key > 0
          ? lit * m.specular * powf(std::max(0.f, Dot(n, half)), m.shininess) : 0;
      for (int k = 0; k < 3; ++k)
        out[3 * p + k] = albedo[k] * (key * light[3 + k] + fill * light[15 + k] +
                                      light[6 + k] * up + light[9 + k] * (1 - up)) +
                         gloss * light[3 + k];
    }
  }
}

}  // extern "C"
