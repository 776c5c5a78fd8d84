"""What a destination has now of a message that was delivered to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from dj_actions.conf import get_settings
from dj_actions.console.screens.payloads import MAX_SHOWN
from dj_actions.console.screens.status import Status, Tone
from dj_actions.console.sections import PlaceLink, place_links
from dj_actions.exceptions import InvalidSetting, PublishError, error_message
from dj_actions.messages import CurrentResult, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.handler import supports_lookup
from dj_actions.relay.delivering.messages import message_of_delivery

logger = logging.getLogger(__name__)

SECONDS = 4.5
"""How long a lookup may take: a person waits for it."""

MAX_RESULTS = 100
"""Results that are shown."""

THERE = Status(word=_("there"), symbol="✓", tone=Tone.GOOD)
GONE = Status(word=_("no longer there"), symbol="✗", tone=Tone.BAD)
UNKNOWN = Status(word=_("not known"), symbol="?", tone=Tone.NEUTRAL)
STATUS: Mapping[bool | None, Status] = {True: THERE, False: GONE, None: UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRow:
    """A result as it is shown."""

    result: CurrentResult
    status: Status
    links: Sequence[PlaceLink]
    """Pages of the console that show it."""

    json: str
    """All of it; empty if the destination does not say more, or has nothing."""

    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The result of asking a destination."""

    rows: Sequence[CurrentRow] = ()
    error: str = ""
    """Why it is not known; empty if the destination has responded."""


def can_look_up(delivery: Delivery) -> bool:
    """Return whether a delivery has arrived, and its publisher can read what became of it."""
    # The class is imported only for what has arrived.
    return bool(delivery.receipt_id) and supports_lookup(delivery.publisher, get_settings())


def look_up(delivery: Delivery) -> Lookup:
    """Ask the destination of a delivery what it has now; it takes a bounded time.

    Args:
        delivery: one for which `can_look_up` is true, with its event.
    """
    try:
        publisher = publishers[delivery.publisher]
    except InvalidSetting as error:
        return Lookup(error=str(error))
    try:
        return Lookup(rows=_rows(delivery, _results(delivery, publisher)))
    except PublishError as error:
        return Lookup(error=error_message(error))
    except Exception as error:
        logger.exception("The publisher %s failed to look up %s", publisher.alias, delivery.pk)
        return Lookup(error=error_message(error))
    finally:
        publisher.close()


def _results(delivery: Delivery, publisher: BasePublisher) -> list[CurrentResult]:
    receipt = Receipt(
        id=delivery.receipt_id, scope=delivery.receipt_scope, url=delivery.receipt_url
    )
    found = publisher.look_up(message_of_delivery(delivery), receipt, SECONDS)
    return list(islice(found, MAX_RESULTS))


def _rows(delivery: Delivery, results: Iterable[CurrentResult]) -> list[CurrentRow]:
    return [_row(delivery, result) for result in results]


def _row(delivery: Delivery, result: CurrentResult) -> CurrentRow:
    text = as_json(result.data) if result.data else ""
    return CurrentRow(
        result=result,
        status=STATUS[result.exists],
        links=place_links(delivery.publisher, result.scope, result.id) if result.exists else (),
        json=text[:MAX_SHOWN],
        is_cut=len(text) > MAX_SHOWN,
    )


def as_json(value: Any) -> str:
    """Return what another program has sent as JSON that a page can contain."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return text.encode(errors="replace").decode()
