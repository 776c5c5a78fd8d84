"""Read the open graph data in an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

MEDIA = {"og:image": ("images", "image"), "og:video": ("videos", "video")}
TEXTS = ("og:title", "og:description", "og:type", "og:url", "og:site_name", "og:locale")
Attributes = Sequence[tuple[str, str | None]]


def read_metadata(html: str) -> dict[str, Any]:
    """Return title, description, favicon, images and so on, as far as the page has them."""
    parser = _MetadataParser()
    parser.feed(html)
    parser.close()
    return parser.metadata()


class _MetadataParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._fallbacks: dict[str, Any] = {}
        self._found: dict[str, Any] = {}
        self._is_in_title = False

    def metadata(self) -> dict[str, Any]:
        """Return what was found; open graph data takes precedence over plain HTML."""
        return self._fallbacks | self._found

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        values = {name: value or "" for name, value in attrs}
        self._is_in_title = tag == "title" and "title" not in self._fallbacks
        if tag == "meta":
            self._read_meta(values)
        elif tag == "link" and "icon" in values.get("rel", "").lower().split():
            self._fallbacks.setdefault("favicon", values.get("href", ""))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._is_in_title = False

    def handle_data(self, data: str) -> None:
        if self._is_in_title:
            self._fallbacks["title"] = data.strip()

    def _read_meta(self, values: dict[str, str]) -> None:
        name, content = values.get("property", ""), values.get("content", "")
        if values.get("name", "").lower() == "description":
            self._fallbacks["description"] = content
        elif name in TEXTS:
            self._found.setdefault(name.removeprefix("og:"), content)
        elif name in MEDIA:
            field, key = MEDIA[name]
            self._found.setdefault(field, []).append({key: content})
        elif (parent := name.rpartition(":")[0]) in MEDIA:
            self._describe(*MEDIA[parent], name.rpartition(":")[2], content)

    def _describe(self, field: str, key: str, name: str, content: str) -> None:
        # "og:image:width" describes the image before it; "og:image:url" is the image itself.
        media = self._found.setdefault(field, [])
        if name == "url" or not media:
            media[-1:] = [{**(media[-1] if media else {}), key: content}]
        else:
            media[-1][name] = int(content) if content.isdecimal() else content
