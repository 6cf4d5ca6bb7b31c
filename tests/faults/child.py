"""Work in a process of its own under a memory limit, where a crash is seen and not shared."""

import mmap
import random
import resource
import struct
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from typing import Any, TypeVar

from tests.faults.profile import FIRST, inputs

FORK = get_context("fork")
SPARE = 1 << 30
"""Bytes of addresses that the work may take."""
FAILURES = 5
"""After so many a fuzzer stops."""
Input = TypeVar("Input")


def outcomes(work: Callable[[Any], str], given: Iterable[Any], spare: int = SPARE) -> list[str]:
    """What ``work`` says of each input; "signal 11" of the one at which its process died.

    Anything that it raises is "raised …".
    """
    given, found = list(given), []
    while len(found) < len(given):
        said, died_by = _said_by(_run, (work, given[len(found) :]), spare)
        found += said
        if died_by:
            found.append(f"signal {died_by}")
    return found


def fuzz(
    make: Callable[[random.Random], Input],
    check: Callable[[Input], object],
    short: int,
    long: int,
    spare: int = SPARE,
) -> None:
    """Check inputs, each made of its number alone, in a process of its own.

    Raises:
        AssertionError: naming numbers and inputs for which ``check`` raised or the process died.
    """
    at = mmap.mmap(-1, 8)  # shared with the child: the input at which it died
    number, end = FIRST, FIRST + inputs(short, long)
    failures: list[str] = []
    while number < end and len(failures) < FAILURES:
        said, died_by = _said_by(_fuzz, (make, check, range(number, end), at), spare)
        failures += said
        number = struct.unpack("q", at[:])[0] + 1
        if died_by:
            failures.append(f"signal {died_by}: {_shown(make, number - 1)}")
    assert not failures, "\n".join(failures)


def _said_by(
    work: Callable[..., None], arguments: tuple[Any, ...], spare: int
) -> tuple[list[str], int]:
    """What ``work`` sends from a process of its own, and the signal that ended it, or 0."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=work, args=(*arguments, sender, spare))
    process.start()
    sender.close()
    said: list[str] = []
    while True:
        try:
            said.append(receiver.recv())
        except EOFError:
            break
    process.join()
    return said, -(process.exitcode or 0)


def _fuzz(
    make: Callable[[random.Random], Input],
    check: Callable[[Input], object],
    numbers: range,
    at: mmap.mmap,
    sender: Any,
    spare: int,
) -> None:
    _limit(spare)
    left = FAILURES
    for number in numbers:
        at[:] = struct.pack("q", number)
        try:
            check(make(random.Random(number)))
        except Exception as error:
            sender.send(f"{type(error).__name__}: {str(error)[:300]}: {_shown(make, number)}")
            left -= 1
            if not left:
                break


def _shown(make: Callable[[random.Random], Any], number: int) -> str:
    return f"input {number}: {ascii(make(random.Random(number)))[:1000]}"


def _run(work: Callable[[Any], str], given: list[Any], sender: Any, spare: int) -> None:
    _limit(spare)
    for each in given:
        try:
            said = work(each)
        except Exception as error:
            said = f"raised {type(error).__name__}: {error}"
        sender.send(said)


def _limit(spare: int) -> None:
    """Memory beyond what this process has."""
    with open("/proc/self/statm") as sizes:
        taken = int(sizes.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + spare, taken + spare))
