"""What Schemathesis leaves out."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import schemathesis


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Leave out what no route matches: the page that says so is Django's, not ours."""
    values = (unquote(str(value)) for value in (case.path_parameters or {}).values())
    return not any("." in value or "/" in value for value in values)
