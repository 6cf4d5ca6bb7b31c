"""Stopping a training between two steps."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def stop_signals() -> list[signal.Signals]:
    """Signals that ask a process to stop, without those that it was started to ignore (nohup)."""
    known = (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name))
    return [number for number in known if signal.getsignal(number) != signal.SIG_IGN]


class StopRequest:
    """While entered, the first Ctrl-C, SIGTERM or SIGHUP only sets ``made``; a second acts at once.

    Signals reach the main thread alone; in any other, a request is never made.
    """

    def __init__(self) -> None:
        self.made = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in stop_signals()}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.made = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
