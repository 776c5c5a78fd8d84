"""System checks of what templates need of the input of actions. No client, no network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004

from dj_actions_airflow.checks.routed_actions import (
    Definition,
    input_names,
    routed_actions,
    sensitive_names,
)
from dj_actions_airflow.routing.functions import is_function
from dj_actions_airflow.routing.routes import DATA, Route, Target
from dj_actions_airflow.routing.values import templates_in, typed_template


def check_fields(alias: str, default: Any) -> Iterator[CheckMessage]:
    """Yield a warning for each template whose field is in no input, or never has its value.

    Args:
        alias: the publisher.
        default: `dag_id` of OPTIONS.
    """
    for routed in routed_actions(alias):
        targets = Route.of(routed.options, default).targets
        for definition in routed.definitions:
            for target in targets:
                yield from _check_target(target, definition, routed.where)


def _check_target(target: Target, definition: Definition, where: str) -> Iterator[CheckMessage]:
    from dj_actions.inputs import NoInput  # noqa: PLC0415 - an app is imported before models can be

    known, sensitive = input_names(definition), sensitive_names(definition)
    is_open = not (known or isinstance(definition.input, NoInput))
    needed = set(_data_fields(target))
    if target.conf == DATA:
        needed |= {name for name in known if name.lower() in sensitive}
    for name in sorted(needed):
        if name.lower() in sensitive:
            problem, hint = "is sensitive: no record has its value", "Let conf leave it out."
        elif not (is_open or name in known):
            problem = "is not a field of its input"
            hint = f"Its fields: {', '.join(sorted(known)) or 'none'}."
        else:
            continue
        yield Warning(
            f"{where}: needs {name!r} of {definition.label}, which {problem}. Messages that cannot "
            "fill it become dead letters.",
            hint=hint,
            id="dj_actions_airflow.W002",
        )


def _data_fields(target: Target) -> Iterator[str]:
    """Yield the fields of the input that templates need; those that are optional are left out."""
    values = (target.dag_id, target.conf, target.note, target.partition_key, target.run_after)
    for text in templates_in([value for value in values if not is_function(value)]):
        try:
            placeholders = typed_template(text).placeholders
        except ValueError:
            continue  # reported by the check of the route
        for placeholder in placeholders:
            name, *rest = placeholder.path
            if name == "data" and rest and not placeholder.is_optional:
                yield rest[0]
