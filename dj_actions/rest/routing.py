"""Write the routes of a viewset for either kind of DRF's routers.

`DefaultRouter(use_regex_path=False)` takes `<str:name>` for a part of a path, every other router a
regular expression. A router does not pass itself to a viewset, so it is found in the call stack.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType, SimpleNamespace
from typing import Any

from rest_framework.routers import SimpleRouter

NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")

MAX_FRAMES = 10
"""How many frames up the caller is searched for: a subclass of a router may call its base class."""


def for_router(extra_action: Callable[..., Any]) -> Any:
    """Return an extra action with its path in the notation of the router that requests it."""
    url_path = str(vars(extra_action).get("url_path", ""))
    if not NAMED_GROUP.search(url_path) or not _is_path_router_asking():
        return extra_action
    converted = NAMED_GROUP.sub(r"<str:\1>", url_path)
    attributes = vars(extra_action) | {"url_path": converted}
    return SimpleNamespace(__name__=extra_action.__name__, **attributes)


def _is_path_router_asking() -> bool:
    routers = (frame.f_locals.get("self") for frame in _callers())
    router = next((entry for entry in routers if isinstance(entry, SimpleRouter)), None)
    return router is not None and not getattr(router, "_use_regex", True)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back
