"""manage.py airflow_params: the input of an action as the params of a DAG."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.urls import get_resolver

from dj_actions.exceptions import ActionNotFound
from dj_actions.registry import registry
from dj_actions_airflow.dags.params_source import params_source


class Command(BaseCommand):
    """Writes a Python module for a DAG."""

    help = (
        "Writes the input of an action as params of a DAG: a Python module with a dict of Param, "
        'made from the JSON Schema of the input. A route with conf "data" sends the input as it '
        "is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("resource", help="for example todo")
        parser.add_argument("action", help="for example mark_done")
        parser.add_argument("--output", metavar="FILE", help="write this file, and print nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the module, or write it to a file."""
        get_resolver().url_patterns  # noqa: B018 - registries are read when viewsets are imported
        try:
            definition = registry.get(options["resource"], options["action"])
        except ActionNotFound as error:
            known = ", ".join(sorted(entry.label for entry in registry))
            raise CommandError(f"{error} Registered actions: {known}.") from error
        name = f"{re.sub(r'[^A-Za-z0-9]+', '_', definition.name).upper()}_PARAMS"
        # Encoded and decoded: descriptions may be translated when they are read.
        schema = json.loads(json.dumps(definition.input.json_schema(), cls=DjangoJSONEncoder))
        text = params_source(name, definition.label, schema)
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"Cannot write --output: {error}") from error
