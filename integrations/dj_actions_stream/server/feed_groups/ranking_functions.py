"""The functions of ranking formulas, as Stream documents them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from dj_actions_stream.server.feed_groups.expressions import ExpressionError
from dj_actions_stream.server.identity import parse_time

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_EARTH_RADIUS = {"K": 6371.0, "M": 3958.8, "N": 3440.1}
_OPTIONS = frozenset({"base", "origin", "scale", "offset", "decay", "direction"})
_DIRECTIONS = ("left", "right", "both")
# Ranks need no unpredictable numbers.
_random = random.Random()  # noqa: S311


def _linear(distance: float, scale: float, decay: float) -> float:
    reach = scale / (1 - decay)
    return max(0.0, (reach - distance) / reach)


def _exponential(distance: float, scale: float, decay: float) -> float:
    return math.exp(math.log(decay) / scale * distance)


def _gauss(distance: float, scale: float, decay: float) -> float:
    return math.exp(math.log(decay) * (distance / scale) ** 2)


CURVES: Mapping[str, Callable[[float, float, float], float]] = {
    "decay_linear": _linear,
    "decay_exp": _exponential,
    "decay_gauss": _gauss,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decay:
    """A function that is 1 near its origin, `decay` at a distance of `scale`, then less.

    Stream does not document the defaults; these are a half-life of one day from now on.
    """

    base: str
    origin: float | None = None
    scale: float = _SECONDS["d"]
    offset: float = 0.0
    decay: float = 0.5
    direction: str = "both"

    @classmethod
    def from_options(cls, options: object) -> Self:
        """Return the function with these options, or raise ExpressionError."""
        if not isinstance(options, Mapping):
            raise ExpressionError("a function needs a mapping with the key base")
        if unknown := sorted(map(str, options.keys() - _OPTIONS)):
            raise ExpressionError(f"unknown option {unknown[0]!r} of a decay function")
        if options.get("base") not in CURVES:
            raise ExpressionError(f"base must be one of {', '.join(CURVES)}")
        if options.get("direction", "both") not in _DIRECTIONS:
            raise ExpressionError(f"direction must be one of {', '.join(_DIRECTIONS)}")
        numbers = {
            name: amount(options[name]) for name in ("scale", "offset", "decay") if name in options
        }
        origin = options.get("origin", "now")
        function = cls(
            base=options["base"],
            origin=None if origin == "now" else amount(origin),
            direction=options.get("direction", "both"),
            **numbers,
        )
        if function.scale <= 0 or not 0 < function.decay < 1:
            raise ExpressionError("scale must be above 0, and decay between 0 and 1")
        return function

    def __call__(self, value: Any, *, now: float) -> float:
        """Return the factor for a value, at most 1."""
        origin = now if self.origin is None else self.origin
        difference = timestamp(value) - origin
        ignored = {"left": difference > 0, "right": difference < 0}.get(self.direction, False)
        distance = 0.0 if ignored else max(0.0, abs(difference) - self.offset)
        return CURVES[self.base](distance, self.scale, self.decay)


def amount(value: Any) -> float:
    """Return a number, or the seconds of a duration such as "5d"."""
    text = str(value).strip()
    unit = _SECONDS.get(text[-1:], 0)
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise ExpressionError(
            f"{value!r} is neither a number nor a duration such as '5d'"
        ) from None


def timestamp(value: Any) -> float:
    """Return a time as seconds since 1970; a number remains what it is."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return parse_time(value if isinstance(value, str) else "").timestamp()
    except ValueError as error:
        raise ExpressionError(f"{value!r}: {error}") from error


def distance(
    latitude: float,
    longitude: float,
    other_latitude: float,
    other_longitude: float,
    unit: str = "K",
) -> float:
    """Return the distance of two points, in kilometers, miles (M) or nautical miles (N)."""
    first, second = math.radians(latitude), math.radians(other_latitude)
    turn = math.radians(other_longitude - longitude)
    chord = (
        math.sin((second - first) / 2) ** 2
        + math.cos(first) * math.cos(second) * math.sin(turn / 2) ** 2
    )
    return 2 * _EARTH_RADIUS[unit.upper()] * math.asin(math.sqrt(chord))


def _random_between(low: float = 0.0, high: float = 1.0) -> float:
    return low + _random.random() * (high - low)


def _random_normal(
    low: float = -math.inf, high: float = math.inf, deviation: float = 1.0, mean: float = 0.0
) -> float:
    return min(max(_random.gauss(mean, deviation), low), high)


FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "ln": math.log,
    "log": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "abs": abs,
    "min": min,
    "max": max,
    "trunc": lambda value: float(math.trunc(value)),
    "round": lambda value: float(round(value)),
    "rand": _random_between,
    "rand_normal": _random_normal,
    "to_unix_timestamp": timestamp,
    "dist": distance,
}


def now() -> float:
    """Return the current time as seconds since 1970."""
    return datetime.now(UTC).timestamp()
