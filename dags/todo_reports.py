"""Reports about what was done to todos: one JSON file per DAG run."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from action_payload import ActionPayload

FOLDER_VARIABLE = "TODO_REPORTS_DIR"


class ReportsFolderMissingError(Exception):
    """The environment does not say where reports belong."""

    def __init__(self) -> None:
        super().__init__(
            f"The environment variable {FOLDER_VARIABLE} is not set. Set it, for every process "
            "that runs tasks, to the folder in which the reports belong."
        )


def reports_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the reports; raise ReportsFolderMissingError when it is not set."""
    folder = environment.get(FOLDER_VARIABLE, "")
    if not folder:
        raise ReportsFolderMissingError
    return Path(folder)


def describe(payload: ActionPayload, object_id: str) -> str:
    """Return one line of text about one object of an action."""
    return f"{payload.resource} {object_id}: {payload.action} by {payload.actor_label}"


def build_report(
    payload: ActionPayload, *, dag_id: str, run_id: str, lines: Iterable[str]
) -> dict[str, Any]:
    """Return the report of one DAG run, as plain JSON."""
    actor = payload.actor
    return {
        "dag_id": dag_id,
        "run_id": run_id,
        "message_id": str(payload.id),
        "action": payload.action,
        "actor": {"id": actor.id, "label": actor.label} if actor else None,
        "object_ids": list(payload.object_ids),
        "lines": list(lines),
    }


def save_report(report: Mapping[str, Any], folder: Path) -> Path:
    """Write a report to `<folder>/<run id>.json`, whole or not at all, and return the path.

    The name comes from the run alone, so a run that is retried or cleared replaces its report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['run_id']}.json"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=folder, prefix=".", suffix=".tmp", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            json.dump(report, file, ensure_ascii=False, indent=2)
            file.flush()
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return path
