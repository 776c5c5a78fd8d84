"""Hooks that exclude requests from Schemathesis."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import schemathesis


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Exclude paths without a route: the 404 page is that of Django."""
    values = (unquote(str(value)) for value in (case.path_parameters or {}).values())
    return not any("." in value or "/" in value for value in values)
