"""Deliver what was claimed: build the messages, publish them, settle each."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing

from django.db import router

from dj_actions.conf import get_settings
from dj_actions.database import retry_on_disconnect
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.ordering import are_ordered, independent_groups
from dj_actions.outbox.wakeup import wake_relays
from dj_actions.relay.settlement import Arrivals, Batch, settle_failure


def deliver(batch: Batch, stopping: threading.Event) -> None:
    """Publish a batch and settle each delivery soon after its outcome is known.

    It ends early when the relay stops, the breaker opens, or the lease is lost; what has not
    been tried by then is given back as if it had never been claimed.
    """
    arrivals = Arrivals(batch)
    failed: list[Claimed] = []
    waiting: list[Claimed] = []
    try:
        for wave in independent_groups(batch.deliveries):
            # Those behind one that has failed wait for it, and others for them.
            stuck = [*failed, *waiting]
            behind = [entry for entry in wave if any(are_ordered(entry, one) for one in stuck)]
            free = [entry for entry in wave if entry not in behind] if behind else wave
            waiting += behind
            if not _deliver_wave(free, batch, arrivals, failed, stopping):
                break
    finally:
        arrivals.settle()
        if arrivals.settled + len(failed) < len(batch.deliveries):
            retry_on_disconnect(Delivery.objects.release, batch.token)
            if stopping.is_set():
                wake_relays([batch.publisher.alias], using=router.db_for_write(Delivery))


def _deliver_wave(
    wave: Sequence[Claimed],
    batch: Batch,
    arrivals: Arrivals,
    failed: list[Claimed],
    stopping: threading.Event,
) -> bool:
    """Publish some of a batch, noting what has failed; return whether the rest may follow."""
    with closing(_outcomes(wave, batch)) as outcomes:
        for claimed, outcome in zip(wave, outcomes, strict=False):
            probing = not batch.breaker.is_closed
            answer = _as_answer(outcome, batch)
            batch.breaker.record(answer, claimed.event_id)
            if isinstance(answer, Receipt):
                held = arrivals.add(claimed, answer)
            else:
                held = arrivals.settle() and settle_failure(claimed, answer, batch, probing=probing)
                failed += [claimed] * held
            if not held or stopping.is_set() or not batch.breaker.is_closed:
                return False
    return True


def message_of(event: Claimed) -> Message:
    """Build the frozen value that a publisher receives."""
    return Message(
        id=event.event_id,
        resource=event.resource,
        action=event.action,
        version=event.version,
        object_id=event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data=event.request_data,
        result=event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        options=get_settings().route_options(event.publisher, event.label),
        attempt=event.attempts,
    )


def _outcomes(wave: Sequence[Claimed], batch: Batch) -> Generator[object]:
    """Yield what the publisher yields; what it fails to yield is the next message's error.

    Then it ends: the messages after that one have not been tried.
    """
    try:
        messages = [message_of(delivery) for delivery in wave]
        yield from batch.publisher.publish_many(messages)
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a publisher must not take the relay along
        yield error
    else:
        yield TypeError(f"{_name(batch)}.publish_many gave no outcome for this message.")


def _as_answer(outcome: object, batch: Batch) -> Receipt | BaseException:
    if isinstance(outcome, (Receipt, BaseException)):
        return outcome
    return TypeError(f"{_name(batch)} answered {outcome!r}, which is no Receipt.")


def _name(batch: Batch) -> str:
    return type(batch.publisher).__name__
