/* Stands in for a V4L2 camera where there is no kernel module for one: loaded by LD_PRELOAD, it
   answers for /dev/shm/video*, whatever is there. /dev/shm/video*.frames holds its frames, each
   after its length as uint32; its end is an unplugged camera, the length HANGS one whose driver
   blocks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 1 << 21, BUFFERS = 8 };
static const uint32_t HANGS = 0xffffffff;
static int camera = -1, lost;
static unsigned char *memory[BUFFERS];
static int queue[BUFFERS], queued;
static struct v4l2_pix_format format = {.width = 640, .height = 480,
                                        .pixelformat = V4L2_PIX_FMT_YUYV};

static int fail(int error) { errno = error; return -1; }

static int opened(int fd) {
  if (fd >= 0) camera = fd, lost = queued = 0;
  return fd;
}

#define OPEN(name)                                                     \
  int name(const char *path, int flags, ...) {                         \
    va_list list;                                                      \
    va_start(list, flags);                                             \
    int mode = va_arg(list, int);                                      \
    va_end(list);                                                      \
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);     \
    if (strncmp(path, "/dev/shm/video", 14) || !(flags & O_NONBLOCK))  \
      return real(path, flags, mode);                                  \
    char frames[256];                                                  \
    snprintf(frames, sizeof frames, "%s.frames", path);                \
    return opened(real(frames, flags, mode));                          \
  }
OPEN(open)
OPEN(open64)

#define MMAP(name)                                                                          \
  void *name(void *at, size_t length, int prot, int flags, int fd, off_t offset) {          \
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, #name);          \
    if (fd < 0 || fd != camera) return real(at, length, prot, flags, fd, offset);           \
    return memory[offset / SIZE] = real(0, SIZE, PROT_READ | PROT_WRITE,                    \
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);                \
  }
MMAP(mmap)
MMAP(mmap64)

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  if (fd < 0 || fd != camera) {
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
  }
  struct v4l2_buffer *buffer = argument;
  switch ((uint32_t)request) {
    case (uint32_t)VIDIOC_QUERYCAP: {
      struct v4l2_capability *caps = argument;
      memset(caps, 0, sizeof *caps);
      caps->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
      return 0;
    }
    case (uint32_t)VIDIOC_G_FMT: ((struct v4l2_format *)argument)->fmt.pix = format; return 0;
    case (uint32_t)VIDIOC_TRY_FMT:
    case (uint32_t)VIDIOC_S_FMT: {
      struct v4l2_pix_format *pix = &((struct v4l2_format *)argument)->fmt.pix;
      if (pix->pixelformat != V4L2_PIX_FMT_MJPEG) pix->pixelformat = V4L2_PIX_FMT_YUYV;
      pix->bytesperline = pix->pixelformat == V4L2_PIX_FMT_YUYV ? 2 * pix->width : 0;
      pix->sizeimage = 2 * pix->width * pix->height;
      pix->field = V4L2_FIELD_NONE;
      format = *pix;
      return 0;
    }
    case (uint32_t)VIDIOC_REQBUFS: {
      struct v4l2_requestbuffers *wanted = argument;
      if (wanted->count > BUFFERS) wanted->count = BUFFERS;
      queued = 0;
      return 0;
    }
    case (uint32_t)VIDIOC_QUERYBUF:
      buffer->length = SIZE;
      buffer->m.offset = buffer->index * SIZE;
      return 0;
    case (uint32_t)VIDIOC_QBUF: queue[queued++] = buffer->index; return 0;
    case (uint32_t)VIDIOC_DQBUF: {
      uint32_t length = 0;
      usleep(20000);
      if (lost || read(fd, &length, 4) != 4) { lost = 1; return fail(ENODEV); }
      while (length == HANGS) sleep(100);
      if (!queued) return fail(EAGAIN);
      buffer->index = queue[0];
      memmove(queue, queue + 1, --queued * sizeof *queue);
      buffer->bytesused = read(fd, memory[buffer->index], length);
      buffer->flags = 0;
      buffer->length = SIZE;
      return 0;
    }
    case (uint32_t)VIDIOC_STREAMON:
    case (uint32_t)VIDIOC_STREAMOFF: return 0;
    case (uint32_t)VIDIOC_G_PARM:
    case (uint32_t)VIDIOC_S_PARM: {
      struct v4l2_streamparm *parameters = argument;
      parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
      if ((uint32_t)request == (uint32_t)VIDIOC_G_PARM) {
        parameters->parm.capture.timeperframe.numerator = 1;
        parameters->parm.capture.timeperframe.denominator = 30;
      }
      return 0;
    }
    case (uint32_t)VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case (uint32_t)VIDIOC_S_INPUT:
    case (uint32_t)VIDIOC_ENUMINPUT: return 0;
  }
  return fail(EINVAL);
}
