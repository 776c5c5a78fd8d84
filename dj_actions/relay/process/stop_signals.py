"""The first signal to stop lets the relay stop gracefully, the second one ends the process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""Also where they are inherited as ignored: shells start background jobs with SIGINT ignored."""

HANGUP = getattr(signal, "SIGHUP", None)
"""The terminal was closed; unless it is inherited as ignored, as by `nohup`. Not on Windows."""


@contextmanager
def on_stop_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first SIGTERM, SIGINT or SIGHUP; the next one ends the process.

    For that, the previous handlers receive it, in place of which a signal that was ignored gets
    its default. When the block ends, the dispositions are as before.
    """
    previous = {number: signal.getsignal(number) for number in _signals()}

    def handle(_number: int, _frame: FrameType | None) -> None:
        for number, handler in previous.items():
            is_ignored = handler in {signal.SIG_IGN, None}
            signal.signal(number, signal.SIG_DFL if is_ignored else handler)
        stop()

    for number in previous:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _signals() -> Iterator[int]:
    yield from STOP_SIGNALS
    if HANGUP is not None and signal.getsignal(HANGUP) != signal.SIG_IGN:
        yield HANGUP
