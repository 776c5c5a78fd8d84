"""Helpers that validate an input, shared by the tests of inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from dj_actions.inputs import InputAdapter, InputContext
from dj_actions.inputs.factory import adapter_for
from dj_actions.inputs.raw_body import require_mapping


def adapter(declared: object) -> InputAdapter:
    """Return the adapter of an input, which may be an adapter itself."""
    return declared if isinstance(declared, InputAdapter) else adapter_for(declared)


def validated(declared: object, raw: Any, **context: Any) -> dict[str, Any]:
    """Return the validated data of an input."""
    return adapter(declared).validate(raw, InputContext(**context)).data


def errors_of(declared: object, raw: Any, **context: Any) -> Any:
    """Return, as plain JSON, the errors of invalid input."""
    with pytest.raises(ValidationError) as refused:
        adapter(declared).validate(require_mapping(raw), InputContext(**context))
    return json.loads(json.dumps(refused.value.detail))


def accepts(declared: object, raw: Any) -> bool:
    """Return whether an input accepts a body."""
    try:
        validated(declared, require_mapping(raw))
    except ValidationError:
        return False
    return True
