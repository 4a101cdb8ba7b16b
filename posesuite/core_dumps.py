"""Core dumps, which hold the images that a process handles."""
import contextlib
import ctypes
import sys

PR_SET_DUMPABLE = 4  # number of this operation of Linux's prctl
# What a core dump holds of the memory, as bits: nothing. Programs that are started inherit it.
FILTER = '/proc/self/coredump_filter'


def forbid_core_dumps() -> None:
    """Keeps the system from writing the process's memory, which holds images, to a disk.

    It holds for programs that the process starts, too. On Linux, core dumps can be piped to a
    program in spite of the limit: there is none of this process, and those of programs that it
    starts are without their memory.
    """
    if sys.platform != 'win32':
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == 'linux':
        with contextlib.suppress(OSError), open(FILTER, 'w') as file:  # absent in some containers
            file.write('0')
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def forbid_as_parent_does() -> None:
    """Forbids them if the process that started this one did."""
    if sys.platform != 'win32':
        import resource
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            forbid_core_dumps()
