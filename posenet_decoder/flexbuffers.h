// Reads numbers from a FlexBuffers map: the form in which a model file keeps a custom op's options.
// https://flatbuffers.dev/internals/#flexbuffers
#ifndef POSENET_DECODER_FLEXBUFFERS_H_
#define POSENET_DECODER_FLEXBUFFERS_H_

#include <cstddef>
#include <cstdint>

namespace posenet {

// Sets *value to the number that the map at the buffer's root holds under `key`.
// False if the buffer is damaged, its root is no map, or there is no such number.
bool FlexBufferNumber(const uint8_t* buffer, size_t size, const char* key, double* value);

}  // namespace posenet

#endif  // POSENET_DECODER_FLEXBUFFERS_H_
