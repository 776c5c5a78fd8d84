"""Changes of a file, and what is left to its author."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dj_actions.compat.upgrade.names import NEW_ROOT, OLD_ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place that is not changed, and may have to be."""

    line: int
    """Number of the line, from 1."""

    message: str


@dataclass(slots=True, kw_only=True)
class Edits:
    """The places of a file where the old root is replaced, and the findings."""

    offsets: set[int] = field(default_factory=set)
    """Positions of the old root, in characters."""

    findings: list[Finding] = field(default_factory=list)

    def report(self, line: int, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(line=line, message=message))

    def applied_to(self, text: str) -> str:
        """Return the text with the new root; everything else stays as it is."""
        return _replaced(text, sorted(self.offsets))


def _replaced(text: str, offsets: Iterable[int]) -> str:
    parts, position = [], 0
    for offset in offsets:
        end = offset + len(OLD_ROOT)
        if text[offset:end] != OLD_ROOT:
            raise AssertionError(f"Expected {OLD_ROOT!r} at {offset}, not {text[offset:end]!r}.")
        parts += [text[position:offset], NEW_ROOT]
        position = end
    return "".join([*parts, text[position:]])
