"""What the events of the test are about: single objects, several at once, and a custom key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.ordering import OrderingKey
from dj_actions.outbox.queries.insert import NewDelivery, insert_event

PUBLISHER = "first"


@dataclass(frozen=True, slots=True)
class Subject:
    """The ordering key of an event, and the objects of its action."""

    ordering: OrderingKey
    objects: tuple[str, ...]

    @property
    def locks(self) -> set[str]:
        """What an action holds until it commits: its objects, and a custom key."""
        is_custom = self.ordering.scope.startswith("=")
        return {*self.objects, *([self.ordering.scope] if is_custom else [])}


SINGLE = tuple(Subject(OrderingKey("todo", key), (key,)) for key in "123456")
BULK = tuple(Subject(OrderingKey("todo"), tuple(objects)) for objects in ("12", "345"))
CUSTOM = tuple(Subject(OrderingKey.custom("account"), (key,)) for key in "78")
UNORDERED = Subject(OrderingKey(), ("9",))

WEIGHTED = (*SINGLE, *SINGLE[:3], *SINGLE[:2], *BULK, *CUSTOM, UNORDERED)
"""The subjects of a draw: some are frequent, so that their lines become long."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A delivery and what it is about."""

    pk: int
    event_id: UUID
    subject: Subject


def record(subjects: Iterable[Subject]) -> list[Recorded]:
    """Insert an event and its delivery for each subject, as actions do."""
    events = [(_insert(subject), subject) for subject in subjects]
    rows = Delivery.objects.filter(event__in=[event for event, _ in events])
    keys = dict(rows.values_list("event_id", "pk"))
    return [Recorded(keys[event], event, subject) for event, subject in events]


def must_wait(one: Recorded, earlier: Recorded) -> bool:
    """Return whether a delivery must wait for another one that committed earlier.

    A bulk action and an action on another object do not wait for each other's commits: the order
    is the one in which they were recorded.
    """
    ordering, other = one.subject.ordering, earlier.subject.ordering
    if not ordering.scope or ordering.scope != other.scope:
        return False
    shares_lock = bool(one.subject.locks & earlier.subject.locks)
    return shares_lock or ("" in {ordering.key, other.key} and earlier.pk < one.pk)


def replaces(later: Recorded, dead: Recorded) -> bool:
    """Return whether a delivery makes a dead letter obsolete once it is delivered."""
    ordering = later.subject.ordering
    if ordering.scope != dead.subject.ordering.scope or not ordering.scope or later.pk < dead.pk:
        return False
    return ordering.scope.startswith("=") or _includes(later.subject, dead.subject.objects)


def _includes(subject: Subject, objects: Sequence[str]) -> bool:
    return set(objects) <= set(subject.objects)


def _insert(subject: Subject) -> UUID:
    event = ActionEvent(
        resource="todo",
        action="mark_done",
        object_id=subject.objects[0] if len(subject.objects) == 1 else None,
        object_ids=list(subject.objects),
    )
    delivery = NewDelivery(publisher=PUBLISHER, ordering=subject.ordering)
    insert_event(event, [delivery], Delivery, using="default")
    identity: UUID = event.pk
    return identity
