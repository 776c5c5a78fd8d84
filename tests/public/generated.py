"""Text that a command generates into a page, between two marker comments."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a page between `<!-- name: begin … -->` and `<!-- name: end -->`."""

    page: str
    """Path of the page below the root of the repository."""

    name: str

    def read(self) -> str:
        """Return the text between the markers."""
        return self._match(self._text())[2].strip()

    def write(self, text: str) -> None:
        """Replace the text between the markers."""
        page = self._text()
        start, _, end = self._match(page).groups()
        path = ROOT / self.page
        path.write_text(page.replace(self._match(page)[0], f"{start}\n{text}\n{end}"), "utf-8")

    def _text(self) -> str:
        return (ROOT / self.page).read_text(encoding="utf-8")

    def _match(self, text: str) -> re.Match[str]:
        pattern = rf"(<!-- {self.name}: begin[^\n]*-->)\n(.*?)(<!-- {self.name}: end -->)"
        found = re.search(pattern, text, re.DOTALL)
        if found is None:
            raise ValueError(f"{self.page} has no markers for {self.name!r}.")
        return found


def main(section: Section, text: str) -> None:
    """Print the text; with `--write`, put it into the page."""
    parser = argparse.ArgumentParser(description=f"Generate the {section.name}.")
    parser.add_argument("--write", action="store_true", help=f"update {section.page}")
    if parser.parse_args().write:
        section.write(text)
    else:
        sys.stdout.write(f"{text}\n")
