"""Core dumps, which hold the images that a process handles."""
import ctypes
import sys

PR_SET_DUMPABLE = 4  # number of this operation of Linux's prctl


def forbid_core_dumps() -> None:
    """Keeps the system from writing the process's memory, which holds images, to a disk."""
    if sys.platform != 'win32':
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == 'linux':  # where core dumps can be piped to a program in spite of the limit
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
