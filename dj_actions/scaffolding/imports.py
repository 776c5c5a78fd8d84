"""The import statements of a generated module."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

FUTURE = "from __future__ import annotations"

INSTALLED_PACKAGES = frozenset({"django", "dj_actions", "rest_framework"})
"""Packages that generated code imports; all other modules are the project's own."""


class Imports:
    """The names that a module imports, each under a name that is unique in the module.

    Args:
        names: pairs of a module and a name in it.
        reserved: names that mean something else in the module.
    """

    def __init__(self, *names: tuple[str, str], reserved: Iterable[str] = ()) -> None:
        self._reserved = set(reserved)
        self._local_names: dict[tuple[str, str], str] = {}
        for module, name in names:
            self.add(module, name)

    def add(self, module: str, name: str) -> str:
        """Import a name from a module, and return the name that it has here."""
        if (module, name) not in self._local_names:
            local_name = name
            while local_name in self._reserved:
                local_name += "Model"
            self._reserved.add(local_name)
            self._local_names[module, name] = local_name
        return self._local_names[module, name]

    def __str__(self) -> str:
        """Return the statements in sections: standard library, packages, the project's own."""
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for (module, name), local_name in self._local_names.items():
            alias = "" if local_name == name else f" as {local_name}"
            groups[module, alias].append(name)
        sections: list[list[str]] = [[FUTURE], [], [], []]
        for (module, alias), names in sorted(groups.items()):
            statement = f"from {module} import {', '.join(sorted(names))}{alias}"
            sections[_section_of(module)].append(statement)
        return "\n\n".join("\n".join(section) for section in sections if section)


def _section_of(module: str) -> int:
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names:
        return 1
    return 2 if package in INSTALLED_PACKAGES else 3
