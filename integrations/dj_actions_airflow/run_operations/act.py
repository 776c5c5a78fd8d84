"""What an operation on runs consists of: what it reads first, and what it requests then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dj_actions_airflow.publisher import AirflowPublisher
from dj_actions_airflow.run_operations import requests
from dj_actions_airflow.run_operations.records import Answer
from dj_actions_airflow.run_operations.targets import Run
from dj_actions_airflow.run_operations.verbs import Verb

RECORDED_KEYS = ("dag_id", "dag_run_id", "state", "note", "start_date", "end_date", "is_paused")
"""What is recorded of Airflow's response; the payload, for example, is not."""


class NotApplicable(Exception):
    """The operation makes no sense for a run, or not now; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is going to be requested for one run."""

    message: str
    """What it would do; for a dry run."""

    details: Mapping[str, Any] = field(default_factory=dict)
    """What is recorded in addition to the run and the reason."""

    conf: Mapping[str, Any] = field(default_factory=dict)
    """The payload of a new run."""

    new_run_id: str = ""


class Act(ABC):
    """An operation on runs, with its arguments."""

    verb: ClassVar[Verb]

    @abstractmethod
    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Find out what has to be requested; change nothing.

        Raises:
            NotApplicable: nothing has to be done.
            PublishError: Airflow did not respond, or refused.
        """

    @abstractmethod
    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:
        """Request it.

        Raises:
            PublishError: Airflow did not do it, or the outcome is unknown.
        """

    def subject(self, run: Run) -> Hashable:
        """Return what it is done to, once: the run, or what several runs have in common."""
        return run


def state_of(publisher: AirflowPublisher, run: Run) -> str:
    """Return the state of a run, in Airflow's words."""
    response = requests.get_run(publisher.client(), run.dag_id, run.run_id)
    return text_of(response, "state") or "in an unknown state"


def recorded(response: requests.Response) -> dict[str, Any]:
    """Return what is recorded of a response."""
    return {key: response[key] for key in RECORDED_KEYS if key in response}


def text_of(response: requests.Response, key: str, *, length: int = 100) -> str:
    """Return a value of a response as text that can be stored; empty if there is none.

    A newer server may have values that are not known, and what stands in for one any value.

    Args:
        response: the response.
        key: what to return of it.
        length: characters of longer text that are kept.
    """
    value = response.get(key)
    return "" if value is None else "".join(map(_storable, str(value)[:length]))


def _storable(character: str) -> str:
    is_storable = character.isprintable() or character in "\t\r\n"
    return character if is_storable else "\N{REPLACEMENT CHARACTER}"
