"""The shell sessions that a page shows: its commands, and the output below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_PROMPT = "$ "
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of a session, and the output that the page shows."""

    command: str

    output: str
    """Empty if the page shows none. `…` and each UUID stand for anything."""

    def is_shown_by(self, printed: str) -> bool:
        """Return whether a command printed what the page shows, up to white space."""
        return bool(self._pattern().fullmatch(_without_space(printed)))

    def is_shown_within(self, printed: str) -> bool:
        """Return whether the output of the page is a part of what a command printed."""
        return bool(self._pattern().search(_without_space(printed)))

    def _pattern(self) -> re.Pattern[str]:
        parts = _UUID.sub("…", _without_space(self.output)).split("…")
        return re.compile(".*?".join(map(re.escape, parts)), re.DOTALL)


def steps_in(page: str) -> Iterator[Step]:
    """Yield the steps of all sessions on a page, in the order of the page."""
    for block in _BLOCK.finditer(page):  # of every language, so that its end is not a beginning
        if block["language"] in {"", "console"} and block["text"].startswith(_PROMPT):
            yield from map(_step, block["text"].removeprefix(_PROMPT).split(f"\n{_PROMPT}"))


def _step(text: str) -> Step:
    lines = text.splitlines(keepends=True)
    end = next(number for number, line in enumerate(lines) if not line.endswith("\\\n"))
    return Step(command="".join(lines[: end + 1]).strip(), output="".join(lines[end + 1 :]).strip())


def _without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)
