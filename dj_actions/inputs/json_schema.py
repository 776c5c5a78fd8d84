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
from dj_actions.inputs.errors import as_tree, refusing_deep_nesting
from dj_actions.inputs.raw_body import as_object
from dj_actions.inputs.schema_fields import fields_of, list_fields, secret_fields
from dj_actions.inputs.schema_validation import validator_for, violations


@dataclass(frozen=True, eq=False)
class JsonSchemaInput(InputAdapter):
    """Input declared as a dict that is a JSON Schema of draft 2020-12.

    The data is what was sent: nothing is converted, and a `default` is documentation. Fields of
    the format `password` are sensitive.

    Raises:
        InvalidAction: it is no such schema, refers to what is not in it, or is of no object.
    """

    schema: dict[str, Any]

    def __post_init__(self) -> None:
        """Check it now, and keep it as it is now."""
        if self.schema.get("type", "object") != "object":
            raise InvalidAction(
                f"The JSON Schema is of type {self.schema['type']!r}. The body of a request is an "
                "object: make it of type 'object'."
            )
        object.__setattr__(self, "schema", copy.deepcopy(self.schema))
        self._validator  # noqa: B018 - made here, so that a wrong schema shows here

    def validate(self, raw: Mapping[str, Any], context: InputContext) -> ValidatedInput:  # noqa: ARG002
        """Validate against the schema, formats included."""
        data = as_object(raw, self._lists)
        with refusing_deep_nesting():
            errors = as_tree(violations(self._validator, data))
        if errors:
            raise ValidationError(errors)
        return ValidatedInput(data=data)

    def fields(self) -> Sequence[InputField]:
        """Describe the fields."""
        return fields_of(self.schema)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema as it was declared."""
        schema = copy.deepcopy(self.schema)
        schema.pop("$schema", None)
        return {"type": "object", **schema}

    def sensitive_names(self) -> frozenset[str]:
        """Return the names of fields of the format `password`."""
        return self._sensitive

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return validator_for(self.schema)

    @cached_property
    def _lists(self) -> frozenset[str]:
        return list_fields(self.schema)

    @cached_property
    def _sensitive(self) -> frozenset[str]:
        return secret_fields(self.schema)
