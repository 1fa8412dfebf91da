"""The walls round a third-party driver, raised by its own process before it is loaded: no way back for any code in it.

Limits of memory, files and cores; no new privileges; first to go when the machine runs out of memory; and a filter of
system calls (seccomp) that lets through what an interpreter needs to compute, to read files and to answer, and refuses
all else with "not permitted": no sockets, no processes, no signals to others, no file opened for writing.
Numbers: linux/arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import os
import resource
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from daemon.plugins.rights import Right

_GROWTH = 128 << 20
"""Bytes of address space beyond what the host itself has."""
_ASSUMED = 512 << 20
"""The same of the host itself, where the machine does not tell."""
_FILES = 32
_PROC = Path("/proc/self")
_ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_PLAIN = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291),
    "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "mremap": (25, 216), "madvise": (28, 233), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "getpid": (39, 172), "getppid": (110, 173),
    "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "sendto": (44, 206), "recvfrom": (45, 207), "exit": (60, 93), "exit_group": (231, 94), "getcwd": (79, 17),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61), "futex": (202, 98),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrusage": (98, 165),
    "getrandom": (318, 278), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "setitimer": (38, 103),
    "rseq": (334, 293), "set_robust_list": (273, 99), "restart_syscall": (219, 128), "sysinfo": (99, 179),
    "uname": (63, 160), "poll": (7, None), "ppoll": (271, 73), "pselect6": (270, 72), "arch_prctl": (158, None),
    "membarrier": (324, 283),
}  # fmt: skip
_MORE: dict[Right, dict[str, tuple[int | None, int | None]]] = {
    "files": {
        "openat": (257, 56), "fcntl": (72, 25), "ioctl": (16, 29), "mkdir": (83, None), "mkdirat": (258, 34),
        "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
        "renameat2": (316, 276), "rmdir": (84, None), "ftruncate": (77, 46), "fsync": (74, 82), "fdatasync": (75, 83),
        "pwrite64": (18, 68), "flock": (73, 32), "dup": (32, 23),
    },
    "network": {
        "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept4": (288, 242),
        "getsockopt": (55, 209), "setsockopt": (54, 208), "getsockname": (51, 204), "getpeername": (52, 205),
        "shutdown": (48, 210), "sendmsg": (46, 211), "recvmsg": (47, 212), "fcntl": (72, 25), "ioctl": (16, 29),
        "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    },
    "processes": {
        "clone": (56, 220), "clone3": (435, 435), "fork": (57, None), "vfork": (58, None), "execve": (59, 221),
        "wait4": (61, 260), "waitid": (247, 95), "kill": (62, 129), "tgkill": (234, 131), "pipe2": (293, 59),
        "dup2": (33, None), "dup3": (292, 24), "fcntl": (72, 25), "prlimit64": (302, 261), "setsid": (112, 157),
        "set_tid_address": (218, 96), "openat": (257, 56),
    },
    "threads": {},
    "native": {},
}  # fmt: skip
_OPENAT, _FCNTL, _IOCTL, _CLONE, _CLONE3 = (257, 56), (72, 25), (16, 29), (56, 220), (435, 435)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0o20000000
_TAME_FCNTL = (0, 1, 2, 3, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: none that sends signals
_TAME_IOCTL = (0x5401, 0x5450, 0x5451)  # TCGETS, FIONCLEX, FIOCLEX
_CLONE_THREAD = 0x10000
_LD, _JEQ, _JSET, _RET = 0x20, 0x15, 0x45, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_Step = tuple[int, int, int, int]


def raise_all(rights: Collection[Right]) -> list[str]:
    """Raise every wall that this machine has; the names of those that stand."""
    standing = [*_limits(rights)]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        standing.append("no-new-privileges")
        if _filter(libc, rights):
            standing.append("system-calls")
    return standing


def _limits(rights: Collection[Right]) -> Iterator[str]:
    with suppress(OSError):
        (_PROC / "oom_score_adj").write_text("1000", encoding="ascii")
        yield "first-out-of-memory"
    size = _ASSUMED
    with suppress(OSError):
        size = int((_PROC / "statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limits = {resource.RLIMIT_AS: size + _GROWTH, resource.RLIMIT_NOFILE: _FILES}
    limits[resource.RLIMIT_CORE] = limits[resource.RLIMIT_MEMLOCK] = limits[resource.RLIMIT_MSGQUEUE] = 0
    if "files" not in rights:
        limits[resource.RLIMIT_FSIZE] = 0
    if not {"processes", "threads"} & set(rights):
        limits[resource.RLIMIT_NPROC] = 0
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]  # what we are held to ourselves, nobody may exceed
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    yield "memory"


def _filter(libc: ctypes.CDLL, rights: Collection[Right]) -> bool:
    which = _ARCHES.get(os.uname().machine)
    if which is None:
        return False
    program = list(_program(*which, rights))
    steps = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    whole = Program(len(program), ctypes.addressof(steps))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(whole), 0, 0) == 0)


def _program(arch: int, audit: int, rights: Collection[Right]) -> Iterator[_Step]:
    """The filter, in the kernel's classic BPF: what is not let through on the way down is not permitted."""
    yield _LD, 0, 0, _ARCH
    yield _JEQ, 1, 0, audit
    yield _RET, 0, 0, _EPERM
    yield _LD, 0, 0, _NUMBER
    allowed = {number[arch] for number in _PLAIN.values()}
    for right in rights:
        allowed |= {number[arch] for number in _MORE[right].values()}
    for number in sorted(number for number in allowed if number is not None):
        yield _JEQ, 0, 1, number
        yield _RET, 0, 0, _ALLOW
    if "threads" in rights and "processes" not in rights:
        yield _JEQ, 0, 1, _CLONE3[arch]
        yield _RET, 0, 0, _ENOSYS  # its flags cannot be seen from here; the library then uses clone
        yield from _if_argument(_CLONE[arch], 0, [(_JSET, _CLONE_THREAD)])
    yield from _if_argument(_OPENAT[arch], 2, [(_JSET, _WRITES)], otherwise=True)
    yield from _if_argument(_FCNTL[arch], 1, [(_JEQ, command) for command in _TAME_FCNTL])
    yield from _if_argument(_IOCTL[arch], 1, [(_JEQ, command) for command in _TAME_IOCTL])
    yield _RET, 0, 0, _EPERM


def _if_argument(
    number: int, argument: int, tests: list[tuple[int, int]], *, otherwise: bool = False
) -> Iterator[_Step]:
    """Let this call through when its argument passes one of the tests (`otherwise`: none of them)."""
    yes, no = (_EPERM, _ALLOW) if otherwise else (_ALLOW, _EPERM)
    yield _JEQ, 0, 2 * len(tests) + 2, number
    yield _LD, 0, 0, _ARGUMENTS + 8 * argument
    for test, value in tests:
        yield test, 0, 1, value
        yield _RET, 0, 0, yes
    yield _RET, 0, 0, no
