"""The state machines are closed over their enums."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from dj_actions.states import (
    DELIVERY_TRANSITIONS,
    REMOTE_TRANSITIONS,
    SETTLED_STATES,
    DeliveryState,
    RemoteState,
)

MACHINES = pytest.mark.parametrize(
    ("states", "transitions", "start"),
    [
        (DeliveryState, DELIVERY_TRANSITIONS, DeliveryState.PENDING),
        (RemoteState, REMOTE_TRANSITIONS, RemoteState.UNTRACKED),
    ],
)


@MACHINES
def test_each_state_has_its_transitions_and_no_other(
    states: type[StrEnum], transitions: Mapping[Any, frozenset[Any]], start: Any
) -> None:
    assert set(transitions) == set(states)
    assert set().union(*transitions.values()) <= set(states)


@MACHINES
def test_each_state_can_be_reached(
    states: type[StrEnum], transitions: Mapping[Any, frozenset[Any]], start: Any
) -> None:
    reached, new = set(), {start}
    while new:
        reached |= new
        new = set().union(*(transitions[state] for state in new)) - reached

    assert reached == set(states)


@MACHINES
def test_no_state_leads_to_itself(
    states: type[StrEnum], transitions: Mapping[Any, frozenset[Any]], start: Any
) -> None:
    assert [state for state in states if state in transitions[state]] == []


@MACHINES
def test_the_table_cannot_be_changed(states: type[StrEnum], transitions: Any, start: Any) -> None:
    with pytest.raises(TypeError):
        transitions[start] = frozenset()


def test_a_settled_state_is_left_by_an_operator_only() -> None:
    leaving = {state for state in SETTLED_STATES if DELIVERY_TRANSITIONS[state]}

    assert leaving == {DeliveryState.DEAD, DeliveryState.DELIVERED}


def test_an_open_state_has_transitions() -> None:
    open_states = set(DeliveryState) - SETTLED_STATES

    assert open_states == {DeliveryState.PENDING, DeliveryState.SENDING}
    assert all(DELIVERY_TRANSITIONS[state] for state in open_states)


@pytest.mark.parametrize("state", [*DeliveryState, *RemoteState])
def test_a_state_reads_as_its_value_and_fits_its_column(state: StrEnum) -> None:
    assert str(state) == state.value == state.name.lower()
    assert len(state.value) <= 16
