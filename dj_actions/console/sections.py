"""The sections that apps add to the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from dj_actions.console.access import Verb

NAMESPACE = "dj_actions_console"

NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)

OWN_NAMES = frozenset(
    {
        *("log", "events", "deliveries", "dead-letters", "publishers"),
        *("objects", "catalogue", "runs", "live", "search"),
    }
)
"""First parts of the paths of the console's own pages."""


def _no_page(_publisher: str, _scope: str, _id: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the console that an app adds."""

    name: str
    """In the paths of its pages, and in their namespace: `dj_actions_console:<name>:index`."""

    label: str | Promise
    """Its entry in the navigation."""

    urls: str
    """Dotted path of its URLconf; the page named `index` is that of the navigation."""

    verb: Verb = Verb.VIEW
    """What a user must be allowed to do to have the entry; its views check it, too."""

    place_url: Callable[[str, str, str], str] = _no_page
    """Function of the alias of a publisher and of the scope and id of a result that returns the URL
    of the page that shows it; empty if there is none. Timelines link to it. It is called for each
    delivery, so it must not use the network or the database."""

    @property
    def url(self) -> str:
        """The URL of its first page."""
        return reverse(f"{NAMESPACE}:{self.name}:index")


_sections: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Add a section to the console; the same one may be registered again.

    Raises:
        ValueError: its name is not valid, or is taken.
    """
    if not NAME.fullmatch(section.name):
        raise ValueError(
            f"{section.name!r} cannot be the name of a section of the console; expected lower-case "
            "letters, digits and hyphens."
        )
    if section.name in OWN_NAMES or _sections.get(section.name, section) != section:
        raise ValueError(f"The console already has pages at {section.name!r}; choose another name.")
    _sections[section.name] = section


def sections() -> Sequence[Section]:
    """Return the sections that apps have added."""
    return tuple(_sections.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLink:
    """A link to the page of a section that shows a result."""

    label: str | Promise
    url: str


def place_links(publisher: str, scope: str, id: str) -> Sequence[PlaceLink]:
    """Return the links to the pages that show a result of a publisher.

    Args:
        publisher: alias of the publisher.
        scope: of the result, for example a feed.
        id: the destination's own id of the result; it may be empty.
    """
    found = ((section, section.place_url(publisher, scope, id)) for section in sections())
    return [PlaceLink(label=section.label, url=url) for section, url in found if url]
