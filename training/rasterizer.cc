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

#include "materials.h"

namespace {

constexpr float kNear = 0.5f;  // decimetres; nearer triangles are dropped

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
