"""The first SIGTERM or SIGINT stops the relay gracefully, the second one ends the process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_stop_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first SIGTERM or SIGINT; the previous handlers receive the next one.

    They are restored after the first signal, so that a second one ends a process that is stuck,
    and when the block ends.
    """
    previous = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def handle(_number: int, _frame: FrameType | None) -> None:
        restore()
        stop()

    for number in STOP_SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
