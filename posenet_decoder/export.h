// Marks the functions that the library exports; all others stay hidden.
#ifndef POSENET_DECODER_EXPORT_H_
#define POSENET_DECODER_EXPORT_H_

#if defined(_WIN32)
#define POSENET_EXPORT extern "C" __declspec(dllexport)
#else
#define POSENET_EXPORT extern "C" __attribute__((visibility("default")))
#endif

#endif  // POSENET_DECODER_EXPORT_H_
