"""Form fields for what a JSON body has and an HTML form has not: lists of texts, and JSON."""

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
    """Texts, separated by commas or as a JSON list; validates to a list of them.

    Spaces around a text are dropped, and so are empty texts.

    Args:
        dedup: whether a text that comes twice counts once; the order stays.
        max_length: how many texts at most.
        min_length: how many texts at least, if there are any; see `required`.
        kwargs: what any form field takes.
    """

    default_error_messages = {
        "invalid": _("Enter texts separated by commas, or a list of texts."),
    }

    def __init__(
        self,
        dedup: bool = True,  # noqa: FBT001, FBT002 - the order of the original's arguments
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
        """Return the texts.

        Raises:
            ValidationError: it is neither a text nor a list of texts.
        """
        if value is None:
            return []
        entries = value.split(",") if isinstance(value, str) else value
        if not isinstance(entries, (list, tuple)):
            self._refuse()
        if not all(isinstance(entry, str) for entry in entries):
            self._refuse()
        texts = [text for entry in entries if (text := entry.strip())]
        return list(dict.fromkeys(texts)) if self.dedup else texts

    def prepare_value(self, value: Any) -> Any:
        """Return a list as it is shown in a text input."""
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of a list; a text with commas is taken as well."""
        items = {"type": "string"}
        # What is not required may be empty, however many texts it must have otherwise.
        fewest = max(1, self.min_length or 0) if self.required else None
        limits = {"minItems": fewest, "maxItems": self.max_length}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        return {"anyOf": [{"type": "array", "items": items, **given}, {"type": "string"}]}

    def _refuse(self) -> NoReturn:
        raise ValidationError(self.error_messages["invalid"], code="invalid")


class JSONTextField(forms.CharField):
    """JSON, as text or already parsed from a JSON body; validates to the parsed value.

    `max_length` and `min_length` count the characters of the text.

    Args:
        schema: a JSON Schema of draft 2020-12 that the value must fulfil. A subclass may set it
            as a class attribute instead.
        kwargs: what a CharField takes. `empty_value` is what nothing validates to.

    Raises:
        InvalidAction: the schema is wrong.
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
            ValidationError: it is no JSON, or no database could store it.
        """
        parsed = self._parsed(value) if isinstance(value, str) else value
        if _is_nothing(value):
            return self.empty_value
        if not is_storable(parsed):
            raise ValidationError(self.error_messages["unstorable"], code="unstorable")
        return parsed

    def clean(self, value: Any) -> Any:
        """Return the parsed value.

        Raises:
            ValidationError: nothing was given though it is required, or it is no JSON, or
                violates the schema; the messages say where.
        """
        parsed = self.to_python(value)
        # An empty object is something: only the text tells whether anything was given.
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        given = None if _is_nothing(value) else text
        self.validate(given)
        self.run_validators(given)
        if given is not None:
            self._refuse_violations(parsed)
        return parsed

    def prepare_value(self, value: Any) -> Any:
        """Return a value as it is shown in a text area."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the value; a text that holds it is taken as well."""
        if self.schema is None or _has_references(self.schema):
            # References would point elsewhere inside the schema of a whole form.
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
        "Give at least %(limit_value)d text (there are %(show_value)d).",
        "Give at least %(limit_value)d texts (there are %(show_value)d).",
        limit,
    )


def _at_most(limit: int) -> Any:
    return ngettext_lazy(
        "Give at most %(limit_value)d text (there are %(show_value)d).",
        "Give at most %(limit_value)d texts (there are %(show_value)d).",
        limit,
    )


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows.")


def _has_references(schema: Mapping[str, Any]) -> bool:
    return "$ref" in json.dumps(schema) or "$dynamicRef" in json.dumps(schema)
