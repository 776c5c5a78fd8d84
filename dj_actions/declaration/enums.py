"""Enums of an action's status and type."""

from __future__ import annotations

from enum import StrEnum


class ActionStatus(StrEnum):
    """The development status of an action, shown in its documentation only."""

    TODO = "todo"
    ALPHA = "alpha"
    BETA = "beta"
    PROD = "prod"


class ActionType(StrEnum):
    """Whether an action acts on one object or on many."""

    BULK = "bulk"
    INSTANCE = "instance"
