#include "flexbuffers.h"

#include <cstring>

namespace posenet {
namespace {

enum { kInt = 1, kUint = 2, kFloat = 3, kIndirectInt = 6, kIndirectFloat = 8, kMap = 9 };

// Little-endian reads that stay inside the buffer: a model file is not trusted.
class Reader {
 public:
  Reader(const uint8_t* buffer, size_t size) : buffer_(buffer), size_(size) {}

  template <typename T>
  T As(size_t at) {
    T value = {};
    if (at > size_ || sizeof(T) > size_ - at) {
      ok = false;
    } else {
      std::memcpy(&value, buffer_ + at, sizeof(T));
    }
    return value;
  }

  uint64_t Unsigned(size_t at, int width) {
    switch (width) {
      case 1: return As<uint8_t>(at);
      case 2: return As<uint16_t>(at);
      case 4: return As<uint32_t>(at);
      case 8: return As<uint64_t>(at);
    }
    ok = false;
    return 0;
  }

  double Number(size_t at, int type, int width) {
    if (type == kFloat && width == 4) return As<float>(at);
    if (type == kFloat && width == 8) return As<double>(at);
    if (type == kUint) return static_cast<double>(Unsigned(at, width));
    if (type != kInt) ok = false;
    const int unused_bits = 64 - 8 * width;
    const uint64_t bits = Unsigned(at, width);
    return ok ? static_cast<double>(static_cast<int64_t>(bits << unused_bits) >> unused_bits) : 0;
  }

  // Offsets point backwards, from where they lie.
  size_t Target(size_t at, int width) {
    const uint64_t offset = Unsigned(at, width);
    if (offset > at) ok = false;
    return ok ? at - static_cast<size_t>(offset) : 0;
  }

  bool IsKey(size_t at, const char* key) {
    const size_t length = std::strlen(key) + 1;
    return at <= size_ && length <= size_ - at && std::memcmp(buffer_ + at, key, length) == 0;
  }

  bool ok = true;

 private:
  const uint8_t* buffer_;
  size_t size_;
};

int Width(uint8_t packed_type) { return 1 << (packed_type & 3); }

}  // namespace

bool FlexBufferNumber(const uint8_t* buffer, size_t size, const char* key, double* value) {
  Reader reader(buffer, size);
  if (size < 3) return false;
  const int root_width = buffer[size - 1];
  const uint8_t root_type = buffer[size - 2];
  if (root_type >> 2 != kMap || size < 2u + root_width) return false;

  // Before a map's values: the offset of its keys, the width of theirs, the number of values.
  const size_t width = Width(root_type);
  const size_t values = reader.Target(size - 2 - root_width, root_width);
  if (!reader.ok || values < 3 * width) return false;
  const uint64_t count = reader.Unsigned(values - width, width);
  const int key_width = static_cast<int>(reader.Unsigned(values - 2 * width, width));
  const size_t keys = reader.Target(values - 3 * width, width);
  if (!reader.ok || count > size) return false;

  for (size_t i = 0; i < count; ++i) {
    const size_t name = reader.Target(keys + i * key_width, key_width);
    if (!reader.ok) return false;
    if (!reader.IsKey(name, key)) continue;
    const uint8_t packed_type = reader.As<uint8_t>(values + count * width + i);
    int type = packed_type >> 2;
    size_t at = values + i * width;
    int number_width = static_cast<int>(width);
    if (type >= kIndirectInt && type <= kIndirectFloat) {
      type -= kIndirectInt - kInt;
      at = reader.Target(at, number_width);
      number_width = Width(packed_type);
    }
    *value = reader.Number(at, type, number_width);
    return reader.ok;
  }
  return false;
}

}  // namespace posenet
