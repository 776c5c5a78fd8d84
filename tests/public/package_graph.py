"""Draw which package imports which, as a Mermaid flowchart: `python -m tests.public.package_graph`.

The layers are those of the import contract in pyproject.toml. Only direct dependencies are drawn:
an arrow that other arrows imply is left out.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import grimp

from tests.public.generated import ROOT, Section, main
from tests.public.references import PACKAGES

SECTION = Section(page="CONTRIBUTING.md", name="package graph")

FOLDED = {
    **dict.fromkeys(("mixins", "model_admin", "urls", "commands"), "fronts"),
    **dict.fromkeys(("api", "fields", "forms", "legacy", "tests", "util"), "paths_of_0_0_7"),
}
"""Module that only re-exports → the node that stands for all of its kind."""

LEFT_OUT = {"dj_actions", "migrations"}

Graph = Mapping[str, AbstractSet[str]]


def layers() -> list[list[str]]:
    """Return the nodes of each layer, from the top to the ground."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(
        entry
        for entry in config["tool"]["importlinter"]["contracts"]
        if entry.get("containers") == ["dj_actions"]
    )
    lines = [[name.strip() for name in line.split("|")] for line in contract["layers"]]
    inner = [list(dict.fromkeys(FOLDED.get(name, name) for name in line)) for line in lines]
    return [[name for name in PACKAGES if name != "dj_actions"], *inner]


def imports() -> Graph:
    """Return the nodes that each node imports, at run time."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)
    found = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            importer, target = _node(module), _node(imported)
            if importer != target and not {importer, target} & LEFT_OUT:
                found[importer].add(target)
    return found


def _node(module: str) -> str:
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0] if package == "dj_actions" and rest else package
    return FOLDED.get(name, name)


def reduced(graph: Graph) -> Graph:
    """Return the graph without the arrows that longer paths imply."""
    below = {node: set(_reachable(graph, node)) for node in graph}
    return {
        node: {
            target
            for target in targets
            if not any(target in below.get(other, ()) for other in targets)
        }
        for node, targets in graph.items()
    }


def _reachable(graph: Graph, node: str) -> Iterator[str]:
    unseen, seen = [*graph.get(node, ())], set()
    while unseen:
        found = unseen.pop()
        if found not in seen:
            seen.add(found)
            unseen += graph.get(found, ())
            yield found


def drawing() -> str:
    """Return the flowchart as a block of Markdown."""
    lines = ["```mermaid", "flowchart TD"]
    for number, nodes in enumerate(layers()):
        lines += [f'    subgraph layer{number}[" "]', f"        {'; '.join(nodes)}", "    end"]
    for node, targets in sorted(reduced(imports()).items()):
        if targets:
            lines.append(f"    {node} --> {' & '.join(sorted(targets))}")
    return "\n".join([*lines, "```"])


if __name__ == "__main__":
    main(SECTION, drawing())
