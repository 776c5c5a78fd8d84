"""Assertions about recorded events and deliveries; a failure lists those that exist."""

from __future__ import annotations

from typing import Any, Literal, overload

from django.db.models import Model

from dj_actions.action import Action
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.identifiers import key_as_text, key_text
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import FAILED_FROM, ActionEventQuerySet
from dj_actions.registry import registry
from dj_actions.states import DeliveryState
from dj_actions.testing import failure_messages

Label = str | type[Action]
"""An action: its label, for example `todo.mark_done`, or its class."""


@overload
def assert_recorded(  # type: ignore[overload-overlap]  # 1 matches both
    label: Label,
    *,
    times: Literal[1] = 1,
    object: Any = None,
    actor: Any = None,
    status_code: int | None = None,
) -> ActionEvent: ...


@overload
def assert_recorded(
    label: Label,
    *,
    times: int,
    object: Any = None,
    actor: Any = None,
    status_code: int | None = None,
) -> list[ActionEvent]: ...


def assert_recorded(
    label: Label,
    *,
    times: int = 1,
    object: Any = None,
    actor: Any = None,
    status_code: int | None = None,
) -> ActionEvent | list[ActionEvent]:
    """Assert that an action was recorded the given number of times.

    Args:
        label: the action, as `todo.mark_done` or as its class.
        times: the expected number of events.
        object: an object of the action, or its id; a bulk action may have others.
        actor: a user, or a user's id or name.
        status_code: the status code of the response; by default any code of success.

    Returns:
        The event; a list of events, oldest first, if `times` is not 1.

    Raises:
        AssertionError: the number is different; the message lists the recorded events.
        ActionNotFound: no action has this label.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test
    name = _label_of(label)
    found = list(_events(name, object=object, actor=actor, status_code=status_code))
    if len(found) != times:
        expected = _expected(name, object=object, actor=actor, status_code=status_code)
        raise AssertionError(
            f"{expected} was recorded {failure_messages.times(len(found))} instead of "
            f"{failure_messages.times(times)}. {failure_messages.events_recorded()}"
        )
    return found[0] if times == 1 else found


def assert_not_recorded(
    label: Label, *, object: Any = None, actor: Any = None, status_code: int | None = None
) -> None:
    """Assert that an action was not recorded; the arguments are those of `assert_recorded`.

    Raises:
        AssertionError: it was; the message lists the recorded events.
        ActionNotFound: no action has this label.
    """
    __tracebackhide__ = True
    assert_recorded(label, times=0, object=object, actor=actor, status_code=status_code)


@overload
def assert_delivered(  # type: ignore[overload-overlap]  # 1 matches both
    label_or_event: Label | ActionEvent, *, to: str | None = None, times: Literal[1] = 1
) -> Delivery: ...


@overload
def assert_delivered(
    label_or_event: Label | ActionEvent, *, to: str | None = None, times: int
) -> list[Delivery]: ...


def assert_delivered(
    label_or_event: Label | ActionEvent, *, to: str | None = None, times: int = 1
) -> Delivery | list[Delivery]:
    """Assert that the given number of deliveries of an action, or of an event, were delivered.

    Args:
        label_or_event: the action, as `todo.mark_done` or as its class; or an event.
        to: alias of the publisher; by default any.
        times: the expected number; an event for two publishers has two deliveries.

    Returns:
        The delivery; a list of deliveries, oldest first, if `times` is not 1.

    Raises:
        AssertionError: the number is different; the message lists all deliveries with their
            states, attempts and last errors.
        ActionNotFound: no action has this label.
    """
    __tracebackhide__ = True
    name, events = _named_events(label_or_event)
    deliveries = list(Delivery.objects.filter(event__in=events).order_by("event", "pk"))
    found = [
        delivery
        for delivery in deliveries
        if delivery.state == DeliveryState.DELIVERED and to in {None, delivery.publisher}
    ]
    if len(found) != times:
        where = "" if to is None else f" to {to!r}"
        raise AssertionError(
            f"{name} was delivered{where} {failure_messages.times(len(found))} instead of "
            f"{failure_messages.times(times)}. {failure_messages.unknown_publisher(to)}"
            f"{failure_messages.deliveries_of(events, deliveries)}"
        )
    return found[0] if times == 1 else found


def _named_events(label_or_event: Label | ActionEvent) -> tuple[str, list[ActionEvent]]:
    if isinstance(label_or_event, ActionEvent):
        return f"{label_or_event.label} ({label_or_event.pk})", [label_or_event]
    name = _label_of(label_or_event)
    return name, list(_events(name))


def _label_of(action: Label) -> str:
    if isinstance(action, str):
        return action
    # Not inherited: the definition of a registered parent is not the one of this class.
    definition = vars(action).get("definition")
    if not isinstance(definition, ActionDefinition):
        raise InvalidAction(f"{action.__qualname__} is not registered. Decorate it with @register.")
    return definition.label


def _events(
    label: str, *, object: Any = None, actor: Any = None, status_code: int | None = None
) -> ActionEventQuerySet:
    resource, _, action = label.partition(".")
    events = ActionEvent.objects.matching(resource=resource, action=action)
    if not events.exists():
        # Raise for a misspelled label, for which no event could ever exist.
        registry.get(resource, action)
    if object is not None:
        key = key_text(object) if isinstance(object, Model) else key_as_text(object)
        events = events.matching(object=key)
    if actor is not None:
        events = _by(events, actor)
    if status_code is None:
        events = events.filter(status_code__lt=FAILED_FROM)
    else:
        events = events.filter(status_code=status_code)
    return events.order_by("id")


def _by(events: ActionEventQuerySet, actor: Any) -> ActionEventQuerySet:
    if not hasattr(actor, "is_authenticated"):
        return events.matching(actor=str(actor))
    user = Actor.of(actor)
    return events.filter(actor_id=user.id if user else None)


def _expected(label: str, **conditions: Any) -> str:
    given = [f"{name} {value!r}" for name, value in conditions.items() if value is not None]
    return f"{label} ({', '.join(given)})" if given else label
