"""The words in which an action's kind is told."""

from __future__ import annotations

from enum import StrEnum


class ActionStatus(StrEnum):
    """How far an action has come; its documentation shows it, nothing depends on it."""

    TODO = "todo"
    ALPHA = "alpha"
    BETA = "beta"
    PROD = "prod"


class ActionType(StrEnum):
    """What an action acts on."""

    BULK = "bulk"
    INSTANCE = "instance"
