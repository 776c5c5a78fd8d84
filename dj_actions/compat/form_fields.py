"""Form fields for values that an HTML form cannot send: lists of strings, and JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from dj_actions.inputs.raw_body import UNSTORABLE_MESSAGE
from dj_actions.inputs.schema_validation import location, validator_for, violations
from dj_actions.text import is_storable


class CommaSeparatedCharField(forms.Field):
    """Strings, separated by commas or as a JSON list; validates to a list of strings.

    Whitespace around strings is stripped, and empty strings are dropped.

    Args:
        dedup: whether duplicates are removed; the order is kept.
        max_length: maximum number of strings.
        min_length: minimum number of strings, if there are any; see `required`.
        kwargs: arguments of any form field.
    """

    default_error_messages = {
        "invalid": _("Enter values separated by commas, or a list of strings."),
    }

    def __init__(
        self,
        dedup: bool = True,  # noqa: FBT001, FBT002 - the order of the arguments in 0.0.7
        max_length: int | None = None,
        min_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.dedup, self.max_length, self.min_length = dedup, max_length, min_length
        super().__init__(**kwargs)
        if min_length is not None:
            self.validators.append(MinLengthValidator(min_length, _at_least(min_length)))
        if max_length is not None:
            self.validators.append(MaxLengthValidator(max_length, _at_most(max_length)))

    def to_python(self, value: object) -> list[str]:
        """Return the strings.

        Raises:
            ValidationError: the value is neither a string nor a list of strings.
        """
        if value is None:
            return []
        entries = value.split(",") if isinstance(value, str) else value
        if not isinstance(entries, (list, tuple)):
            self._refuse()
        if not all(isinstance(entry, str) for entry in entries):
            self._refuse()
        parts = [part for entry in entries if (part := entry.strip())]
        return list(dict.fromkeys(parts)) if self.dedup else parts

    def prepare_value(self, value: Any) -> Any:
        """Return a list as the string that a text input shows."""
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of a list; a string with commas is also valid."""
        items = {"type": "string"}
        # An optional list may be empty, whatever its minimum length.
        minimum = max(1, self.min_length or 0) if self.required else None
        limits = {"minItems": minimum, "maxItems": self.max_length}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        return {"anyOf": [{"type": "array", "items": items, **given}, {"type": "string"}]}

    def _refuse(self) -> NoReturn:
        raise ValidationError(self.error_messages["invalid"], code="invalid")


class JSONTextField(forms.CharField):
    """JSON, as a string or already parsed from a JSON body; validates to the parsed value.

    `max_length` and `min_length` count the characters of the JSON string.

    Args:
        schema: a JSON Schema (draft 2020-12) for the value. A subclass may set it as a class
            attribute instead.
        kwargs: arguments of CharField; an empty input validates to `empty_value`.

    Raises:
        InvalidAction: the schema is invalid.
    """

    schema: Mapping[str, Any] | None = None
    widget = forms.Textarea
    default_error_messages = {
        "invalid": _("Enter valid JSON: %(error)s"),
        "unstorable": UNSTORABLE_MESSAGE,
    }

    def __init__(self, schema: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        if schema is not None:
            self.schema = schema
        self._validator = None if self.schema is None else validator_for(self.schema)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the parsed value.

        Raises:
            ValidationError: it is not valid JSON, or a database cannot store it.
        """
        parsed = self._parsed(value) if isinstance(value, str) else value
        if _is_empty(value):
            return self.empty_value
        if not is_storable(parsed):
            raise ValidationError(self.error_messages["unstorable"], code="unstorable")
        return parsed

    def clean(self, value: Any) -> Any:
        """Return the parsed value.

        Raises:
            ValidationError: a required value is missing, it is not valid JSON, or it
                violates the schema; the messages say where.
        """
        parsed = self.to_python(value)
        # An empty object is a value; only an empty string is not.
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        given = None if _is_empty(value) else text
        self.validate(given)
        self.run_validators(given)
        if given is not None:
            self._refuse_violations(parsed)
        return parsed

    def prepare_value(self, value: Any) -> Any:
        """Return a value as the string that a text area shows."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the value; a string of JSON is also valid."""
        if self.schema is None or _has_references(self.schema):
            # References would be wrong inside of the schema of a whole form.
            return {}
        own = {name: copy.deepcopy(part) for name, part in self.schema.items() if name != "$schema"}
        text = {"type": "string", "contentMediaType": "application/json"}
        return {"anyOf": [own, text]}

    def _parsed(self, text: str) -> Any:
        if not text.strip():
            return None
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValidationError(self.error_messages["unstorable"], code="unstorable") from None
        except ValueError as error:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"error": error}
            ) from error

    def _refuse_violations(self, parsed: Any) -> None:
        if self._validator is None:
            return
        messages = [
            f"{location(path)}: {message}" if path else message
            for path, message in violations(self._validator, parsed)
        ]
        if messages:
            raise ValidationError(messages)


def _at_least(limit: int) -> Any:
    return ngettext_lazy(
        "Enter at least %(limit_value)d value (received %(show_value)d).",
        "Enter at least %(limit_value)d values (received %(show_value)d).",
        limit,
    )


def _at_most(limit: int) -> Any:
    return ngettext_lazy(
        "Enter at most %(limit_value)d value (received %(show_value)d).",
        "Enter at most %(limit_value)d values (received %(show_value)d).",
        limit,
    )


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a valid JSON number.")


def _has_references(schema: Mapping[str, Any]) -> bool:
    return "$ref" in json.dumps(schema) or "$dynamicRef" in json.dumps(schema)
