"""Find names in `sensitive` that are probably misspelled names of an input's fields."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.inputs.schema_fields import field_names
from dj_actions.text import nearest

SIMILAR = 0.8
"""Similarity, from 0 to 1, of a name that is probably a misspelled one."""


def misspelled_sensitive_names(definition: ActionDefinition) -> Iterator[tuple[str, str]]:
    """Yield each name that is almost the name of an input field, with that field.

    Other names may be those of a result or of extra data.
    """
    if not definition.sensitive:
        return
    listed = {name.casefold() for name in definition.sensitive}
    fields = {name.casefold(): name for name in field_names(definition.input.json_schema())}
    for name in sorted(definition.sensitive):
        if name.casefold() not in fields:
            meant = nearest(
                name, [field for key, field in fields.items() if key not in listed], SIMILAR
            )
            if meant:
                yield name, meant
