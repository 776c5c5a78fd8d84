"""Ways to ask an input, shared by its tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from dj_actions.inputs import InputAdapter, InputContext, adapter_for, require_mapping


def adapter(declared: object) -> InputAdapter:
    """Return the adapter, whether or not there is one already."""
    return declared if isinstance(declared, InputAdapter) else adapter_for(declared)


def validated(declared: object, raw: Any, **context: Any) -> dict[str, Any]:
    """Return the data of an input that is accepted."""
    return adapter(declared).validate(raw, InputContext(**context)).data


def errors_of(declared: object, raw: Any, **context: Any) -> Any:
    """Return, as plain JSON, the errors of an input that is refused."""
    with pytest.raises(ValidationError) as refused:
        adapter(declared).validate(require_mapping(raw), InputContext(**context))
    return json.loads(json.dumps(refused.value.detail))


def accepts(declared: object, raw: Any) -> bool:
    """Tell whether an input is accepted."""
    try:
        validated(declared, require_mapping(raw))
    except ValidationError:
        return False
    return True
