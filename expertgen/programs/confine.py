"""A process gives up all that a program has no need of. Runs inside the container, on Linux.

Limits on CPU time and memory; no file, socket or process can be opened from here on. Where the kernel offers seccomp,
any other system call than those for memory, for the two pipes and for the end ends the process; but opening and looking
for files, which Python's parser tries to show a line that is wrong, is only refused.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct

_PARENT_DEATH, _NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 1, 38, 22, 2
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000 | errno.EACCES, 0x7FFF0000
# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn mremap madvise getpid
# futex clock_gettime getrandom sigaltstack exit exit_group; and openat newfstatat, refused
_CALLS = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 39, 202, 228, 318, 131, 60, 231),
        (257, 262),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 172, 98, 113, 278, 132, 93, 94),
        (56, 79),
    ),
}
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06  # BPF
_NUMBER, _ARCHITECTURE = 0, 4  # where they are in what a filter sees


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine(cpu_seconds: int, memory_bytes: int) -> bool:
    """Hold this process to that, for good; whether the kernel filters its system calls, too."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 3)  # the pipes that are open stay, nothing is opened beside them
    _limit(resource.RLIMIT_AS, memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    return _filter_system_calls()


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _filter_system_calls() -> bool:
    system = os.uname()
    if system.sysname != "Linux" or system.machine not in _CALLS:
        return False
    text = b"".join(_filter(*_CALLS[system.machine]))
    program = _Program(len(text) // 8, text)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PARENT_DEATH, int(signal.SIGKILL), 0, 0, 0)  # whoever started this and is killed leaves nothing behind
    no_more = prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(no_more == 0 and prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(architecture: int, calls: tuple[int, ...], refused: tuple[int, ...]) -> list[bytes]:
    """Instructions of a filter that lets `calls` through, refuses `refused`, and kills the process at any other."""
    both = len(calls) + len(refused)
    return [
        _instruction(_LOAD, 0, 0, _ARCHITECTURE),
        _instruction(_EQUALS, 0, both + 1, architecture),
        _instruction(_LOAD, 0, 0, _NUMBER),
        *(_instruction(_EQUALS, both - i + 1, 0, number) for i, number in enumerate(calls)),
        *(_instruction(_EQUALS, len(refused) - i, 0, number) for i, number in enumerate(refused)),
        _instruction(_RETURN, 0, 0, _KILL),
        _instruction(_RETURN, 0, 0, _REFUSE),
        _instruction(_RETURN, 0, 0, _ALLOW),
    ]


def _instruction(code: int, if_so: int, else_: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_so, else_, value)
