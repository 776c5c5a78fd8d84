"""Input declared as a JSON Schema."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from rest_framework.exceptions import ValidationError

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.base import InputAdapter, InputContext, InputField, ValidatedInput
from dj_actions.inputs.errors import error_detail, reject_deep_nesting
from dj_actions.inputs.raw_body import body_as_dict
from dj_actions.inputs.schema_fields import describe_fields, list_fields, password_fields
from dj_actions.inputs.schema_spelling import require_known_keywords
from dj_actions.inputs.schema_validation import validator_for, violations


@dataclass(frozen=True, eq=False)
class JsonSchemaInput(InputAdapter):
    """Input declared as a dict that is a JSON Schema of draft 2020-12.

    The data is used as it was sent: nothing is converted, and a `default` is documentation only.
    Fields of the format `password` are sensitive.

    Raises:
        InvalidAction: the schema is not valid, has a misspelled keyword or a reference that cannot
            be resolved within it, or is not of type object.
    """

    needs_objects = False

    schema: dict[str, Any]

    def __post_init__(self) -> None:
        """Check the schema now, and keep a copy that later changes do not affect."""
        if self.schema.get("type", "object") != "object":
            raise InvalidAction(
                f"The JSON Schema is of type {self.schema['type']!r}. The body of a request is an "
                "object: set the type to 'object'."
            )
        object.__setattr__(self, "schema", copy.deepcopy(self.schema))
        self._validator  # noqa: B018 - created here, so that an invalid schema fails here
        require_known_keywords(self.schema)

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:  # noqa: ARG002
        """Return the data if it is valid against the schema, formats included."""
        data = body_as_dict(raw, self._list_fields)
        with reject_deep_nesting():
            errors = error_detail(violations(self._validator, data))
        if errors:
            raise ValidationError(errors)
        return ValidatedInput(data=data)

    def fields(self) -> Sequence[InputField]:
        """Return the description of each field."""
        return describe_fields(self.schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the declared schema."""
        schema = copy.deepcopy(self.schema)
        schema.pop("$schema", None)
        return {"type": "object", **schema}

    def sensitive_names(self) -> frozenset[str]:
        """Return the names, at any depth, of fields of the format `password`."""
        return self._sensitive

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return validator_for(self.schema)

    @cached_property
    def _list_fields(self) -> frozenset[str]:
        return list_fields(self.schema)

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return password_fields(self.schema)
