"""The environment that the data belong to: a copy of production must not send what is pending."""

from __future__ import annotations

from typing import Any

from django.db import router, transaction

from dj_actions.conf import get_settings
from dj_actions.models import PublisherState
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.operations.result import OperationResult
from dj_actions.outbox.wakeup import wake_all_relays


def adopt(*, actor: Any, reason: str) -> OperationResult:
    """Let the data belong to the environment of these settings, so that its relays send them.

    Args:
        actor: the user who does it, or None for the system itself.
        reason: why; recorded in an event `environment.adopt` in the same transaction.

    Raises:
        InvalidAction: the reason is empty.
    """
    name, database = get_settings().environment, router.db_for_write(PublisherState)
    stored_reason = require_reason(reason)
    with transaction.atomic(using=database):
        previous = PublisherState.objects.environment()
        if not PublisherState.objects.adopt_environment(name):
            return OperationResult.of([])
        data = {"reason": stored_reason, "from": previous, "to": name}
        ids = [name or previous]
        record_operation("environment", "adopt", object_ids=ids, actor=actor, data=data)
        wake_all_relays(using=database)
    return OperationResult.of(ids)
