"""The compose file as the tests see it, with the files it has to agree with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Service = Mapping[str, Any]

VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)([^}]*)\}|(\w+))")


@dataclass(frozen=True)
class Stack:
    """The compose file, and the files that it has to agree with."""

    compose: Mapping[str, Any]
    env_example: str
    dags_project: Mapping[str, Any]
    root: Path

    @property
    def services(self) -> Mapping[str, Service]:
        """The services by name."""
        services: Mapping[str, Service] = self.compose["services"]
        return services


def strings(node: Any) -> Iterator[str]:
    """Yield every string value below a node."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def dependencies(service: Service) -> Mapping[str, str]:
    """Return what a service waits for: the condition by the name of the target."""
    return {name: rule["condition"] for name, rule in service.get("depends_on", {}).items()}


def is_one_shot(service: Service) -> bool:
    """Return whether a service is meant to end."""
    return bool(service.get("restart") == "no")


def environment(service: Service) -> Mapping[str, str]:
    """Return the environment of a service."""
    found: Mapping[str, str] = service.get("environment", {})
    return found


def variables(node: Any) -> dict[str, set[str]]:
    """Return how each variable below a node is read: name to operators, such as `:?why`."""
    found: dict[str, set[str]] = {}
    for text in strings(node):
        for braced, operator, bare in VARIABLE.findall(text):
            found.setdefault(braced or bare, set()).add(operator)
    return found


def example_names(env_example: str) -> set[str]:
    """Return the names that `.env.example` gives."""
    return set(re.findall(r"^(\w+)=", env_example, flags=re.MULTILINE))


def with_defaults(text: str) -> str:
    """Return the text with the variables' defaults, or a letter where there is none."""
    return VARIABLE.sub(lambda match: match[2][2:] if ":-" in match[0] else "x", text)
