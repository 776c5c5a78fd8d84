"""Ranking methods: a formula that gives the score of an activity.

{"score": "decay_linear(time) * popularity ^ 0.5", "defaults": {"popularity": 1}}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from dj_actions_stream.server.feed_groups.evaluation import Scope, evaluate
from dj_actions_stream.server.feed_groups.expressions import (
    ExpressionError,
    Node,
    calls_in,
    names_in,
    parse,
)
from dj_actions_stream.server.feed_groups.ranking_functions import CURVES, FUNCTIONS, Decay

KEYS = frozenset({"score", "defaults", "functions"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """A parsed ranking method."""

    formula: Node
    defaults: Mapping[str, Any]
    decays: Mapping[str, Decay]

    @classmethod
    def parse(cls, config: object) -> Self:
        """Return the method that is configured like in Stream's dashboard.

        Raises:
            ExpressionError: the configuration is invalid.
        """
        if not isinstance(config, Mapping) or not isinstance(config.get("score"), str):
            raise ExpressionError('a ranking needs a formula: {"score": "decay_linear(time)"}')
        if unknown := sorted(map(str, config.keys() - KEYS)):
            raise ExpressionError(f"unknown key {unknown[0]!r} in a ranking")
        decays = {name: Decay(base=name) for name in CURVES} | {
            name.lower(): Decay.from_options(options)
            for name, options in _mapping(config, "functions").items()
        }
        formula = parse(config["score"])
        for call in calls_in(formula):
            if str(call.name).lower() not in FUNCTIONS.keys() | decays.keys():
                raise ExpressionError(f"unknown function {call.name}()")
        return cls(formula=formula, defaults=_mapping(config, "defaults"), decays=decays)

    def score(self, variables: Mapping[str, Any], *, now: float) -> float:
        """Return the score of an activity with these variables.

        Raises:
            ExpressionError: a variable has no value, or the result is not a finite number.
        """
        functions: dict[str, Callable[..., float]] = {
            **FUNCTIONS,
            **{name: partial(decay, now=now) for name, decay in self.decays.items()},
        }
        scope = Scope(variables=self._known(variables), functions=functions, methods={})
        value = evaluate(self.formula, scope)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ExpressionError(f"the score is {value!r} instead of a finite number")
        return float(value)

    def inputs(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the variables in the formula, by their names with dots."""
        scope = Scope(variables=self._known(variables), functions={}, methods={})
        return {str(name): scope.value(name) for name in names_in(self.formula)}

    def _known(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.defaults, **variables}


def _mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key, {})
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{key} must be a mapping")
    return value
