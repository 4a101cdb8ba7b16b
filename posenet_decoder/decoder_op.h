// PosenetDecoderOp: the last operator of a PoseNet's model file, over decoder.h.
#ifndef POSENET_DECODER_DECODER_OP_H_
#define POSENET_DECODER_DECODER_OP_H_

#include <cstddef>
#include <cstdint>

#include "decoder.h"
#include "tflite_abi.h"

namespace posenet {

constexpr char kOpName[] = "PosenetDecoderOp";

// Reads the op's options from the model file: a FlexBuffers map with max_detections, stride,
// score_threshold and nms_radius. Returns what is wrong, or nullptr.
const char* ReadOptions(const uint8_t* buffer, size_t size, Options* options);

// Makes an unresolved node of the graph run this op with these options.
void Install(const Options& options, tflite_abi::Node* node, tflite_abi::Registration* op);

}  // namespace posenet

#endif  // POSENET_DECODER_DECODER_OP_H_
