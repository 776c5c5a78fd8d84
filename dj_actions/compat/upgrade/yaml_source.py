"""Find the references to dj-actions 0.0.7 in a YAML file, such as a definition.yaml."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from dj_actions.compat.upgrade.edits import Edits
from dj_actions.compat.upgrade.names import OLD_ROOT, is_gone, is_old


def edits_in(text: str) -> Edits:
    """Return the edits of a YAML file: values that are dotted paths.

    Raises:
        yaml.YAMLError: it is not valid YAML.
    """
    edits = Edits()
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        for scalar in _scalars(document, set()):
            if is_old(scalar.value):
                _change(scalar, text, edits)
    return edits


def _change(scalar: yaml.ScalarNode, text: str, edits: Edits) -> None:
    line = scalar.start_mark.line + 1
    start, end = scalar.start_mark.index, scalar.end_mark.index
    if is_gone(scalar.value):
        edits.report(line, f"{scalar.value} is gone: see the table in docs/upgrading.md.")
    elif text[start:end].strip("\"'") != scalar.value:
        edits.report(line, f"{scalar.value} is written in parts: change it by hand.")
    else:
        edits.offsets.add(text.index(OLD_ROOT, start))


def _scalars(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if node is None or id(node) in seen:  # an alias may refer to a node that contains it
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _scalars(entry, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key, seen)
            yield from _scalars(value, seen)
