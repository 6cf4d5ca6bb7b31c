"""Faults at chosen system calls of a process: a kill, a full disk or Ctrl-C, in whatever library.

The process is traced (``ptrace``), so calls of Arrow, safetensors and torch count as those of
Python do.
"""

import ctypes
import errno
import os
import platform
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_CALLS = {1: "write", 18: "pwrite64", 20: "writev", 40: "sendfile", 74: "fsync", 75: "fdatasync"}
_CALLS |= {77: "ftruncate", 285: "fallocate", 296: "pwritev", 326: "copy_file_range"}
_PATHS = {2: "open", 82: "rename", 83: "mkdir", 84: "rmdir", 86: "link", 87: "unlink"}
_PATHS |= {88: "symlink", 257: "openat", 258: "mkdirat", 263: "unlinkat", 264: "renameat"}
_PATHS |= {265: "linkat", 316: "renameat2"}
"""Calls that change a file or folder, by number: of open files, and by path. Those that open count
if they may write."""

FAILURES = {"full disk": errno.ENOSPC, "read-only": errno.EROFS, "refused": errno.EPERM}
_TRACEME, _SYSCALL, _GETREGS, _SETREGS, _SETOPTIONS, _CALL_INFO = 0, 24, 12, 13, 0x4200, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000  # mark calls, follow fork, vfork, clone; die with us
_RESULT, _NUMBER = 10, 15  # places of rax and orig_rax among the registers
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Attributes:
        met: whether it came to the call.
        calls: how many changes of a file it made up to the fault.
        call: name of that call.
        code: exit status, negative for a signal.
        message: of the error that it ended with.
    """

    met: bool
    calls: int
    call: str
    code: int
    message: str


def run_with_fault(work: Callable[[], Any], fault: str, at: int, below: Path) -> Outcome:
    """Run ``work`` in a process of its own with a fault at its n-th change of a file.

    Args:
        fault: "kill", "interrupt" or one of ``FAILURES``, which the call then gives.
        at: number of the call, from 0.
        below: calls that name or hold a file in this folder count, and no others.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    try:
        met, calls, call, status = Tracer(child, str(below)).run(fault, at)
    finally:
        message = b"".join(iter(lambda: os.read(reading, 1 << 16), b"")).decode()
        os.close(reading)
    return Outcome(met, calls, call, os.waitstatus_to_exitcode(status), message)


def skip_without_tracing() -> None:
    """Skip where a process may not be traced, as under some sandboxes and on other processors."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("needs ptrace on Linux, x86-64")
    child = os.fork()
    if not child:
        os._exit(int(_libc.ptrace(_TRACEME, 0, None, None) != 0))
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        pytest.skip("this machine does not let a process be traced")


def wait_for_tracer() -> None:
    """Let this process, a child of the one that will trace it, be traced from here on."""
    _libc.ptrace(_TRACEME, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)


def _work(work: Callable[[], Any], report: int) -> None:
    code = 0
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        wait_for_tracer()
        work()
    except BaseException as error:
        code = 3
        os.write(report, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(code)


class _Call(ctypes.Structure):
    """``struct ptrace_syscall_info`` of a call that begins."""

    _fields_ = (
        ("kind", ctypes.c_uint64),  # first byte: 1 where it begins
        *(("ip", ctypes.c_uint64), ("sp", ctypes.c_uint64), ("number", ctypes.c_uint64)),
        ("arguments", ctypes.c_uint64 * 6),
    )


class Tracer:
    """Counts the calls of a child and its threads that change something below a folder.

    Args:
        child: process that waits for it.
        below: the folder.
    """

    def __init__(self, child: int, below: str) -> None:
        self._child, self._below = child, below
        self._failing: dict[int, int] = {}
        os.waitpid(child, 0)
        _ptrace(_SETOPTIONS, child, None, _OPTIONS)

    def run(self, fault: str, at: int) -> tuple[bool, int, str, int]:
        """Inflict the fault at the n-th call; see ``Outcome`` for the four values."""
        seen, met, name = -1, False, ""
        _ptrace(_SYSCALL, self._child, None, None)
        while True:
            thread, status = os.waitpid(-1, 0x40000000)  # any thread
            if not os.WIFSTOPPED(status):
                if thread == self._child:
                    return met, seen + 1, name, status  # as waitpid gives it
                continue
            deliver = 0
            if os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
                if thread in self._failing:
                    self._set(thread, _RESULT, -self._failing.pop(thread))
                elif not met and (found := self._change(thread)):
                    seen += 1
                    if met := seen == at:
                        name = found
                        self._inflict(fault, thread)
            elif os.WSTOPSIG(status) not in (signal.SIGTRAP, signal.SIGSTOP):
                deliver = os.WSTOPSIG(status)
            _ptrace(_SYSCALL, thread, None, deliver or None, may_be_gone=True)

    def _inflict(self, fault: str, thread: int) -> None:
        if fault in FAILURES:
            self._set(thread, _NUMBER, -1)  # no such call: nothing is done
            self._failing[thread] = FAILURES[fault]
        else:
            os.kill(self._child, signal.SIGKILL if fault == "kill" else signal.SIGINT)

    def _change(self, thread: int) -> str:
        """Name of the call that begins if it changes something below the folder; "" if not."""
        call = _Call()
        _ptrace(_CALL_INFO, thread, ctypes.sizeof(call), ctypes.addressof(call), may_be_gone=True)
        if call.kind & 0xFF != 1:
            return ""
        arguments = list(call.arguments)
        if name := _CALLS.get(call.number, ""):
            return name if self._is_below(self._opened(thread, arguments[0])) else ""
        name = _PATHS.get(call.number, "")
        if name in ("open", "openat"):
            flags = arguments[1 if name == "open" else 2]
            if not flags & (os.O_WRONLY | os.O_RDWR):
                return ""
        relative = "at" in name
        ways = zip(arguments[0:4:2], arguments[1:4:2], strict=True) if relative else ()
        ways = ways if relative else [(-100, argument) for argument in arguments[:2]]
        return name if any(self._is_below(self._path(thread, *way)) for way in ways) else ""

    def _is_below(self, path: str) -> bool:
        return path.startswith(self._below)

    def _opened(self, thread: int, descriptor: int) -> str:
        try:
            return os.readlink(f"/proc/{thread}/fd/{descriptor}")
        except OSError:
            return ""

    def _path(self, thread: int, folder: int, address: int) -> str:
        try:
            with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
                memory.seek(address)
                text = memory.read(4096 - address % 4096)
                text += b"" if b"\0" in text else memory.read(4096)
        except (OSError, ValueError, OverflowError):
            return ""
        name = text.partition(b"\0")[0].decode("utf-8", "replace")
        return name if name.startswith("/") else f"{self._opened(thread, folder)}/{name}"

    def _set(self, thread: int, place: int, value: int) -> None:
        registers = (ctypes.c_ulonglong * 27)()
        _ptrace(_GETREGS, thread, None, ctypes.addressof(registers))
        registers[place] = value % (1 << 64)
        _ptrace(_SETREGS, thread, None, ctypes.addressof(registers))


def _ptrace(request: int, thread: int, address: Any, data: Any, may_be_gone: bool = False) -> None:
    ctypes.set_errno(0)
    if _libc.ptrace(request, thread, address, data) < 0:
        code = ctypes.get_errno()
        if not (may_be_gone and code == errno.ESRCH):
            raise OSError(code, os.strerror(code), f"ptrace({request:#x})")
