"""Work in a process of its own under a memory limit, where a crash is seen and not shared."""

import resource
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from typing import Any

FORK = get_context("fork")
SPARE = 1 << 30
"""Bytes of addresses that the work may take."""


def outcomes(work: Callable[[Any], str], inputs: Iterable[Any], spare: int = SPARE) -> list[str]:
    """What ``work`` says of each input; "signal 11" of the one at which its process died.

    Anything that it raises is "raised …".
    """
    inputs, found = list(inputs), []
    while len(found) < len(inputs):
        receiver, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_run, args=(work, inputs[len(found) :], sender, spare))
        process.start()
        sender.close()
        while True:
            try:
                found.append(receiver.recv())
            except EOFError:
                break
        process.join()
        if process.exitcode:
            found.append(f"signal {-process.exitcode}")
    return found


def _run(work: Callable[[Any], str], inputs: list[Any], sender: Any, spare: int) -> None:
    with open("/proc/self/statm") as sizes:
        taken = int(sizes.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + spare, taken + spare))
    for each in inputs:
        try:
            said = work(each)
        except Exception as error:
            said = f"raised {type(error).__name__}: {error}"
        sender.send(said)
