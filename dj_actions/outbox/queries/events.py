"""Queries of action events."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import connections, models
from django.db.models import Q, Value
from django.db.models.functions import Cast, StrIndex
from django.db.models.lookups import GreaterThan

from dj_actions.identifiers import first_uuid7_of
from dj_actions.outbox.queries.archiving import ArchivingQueries
from dj_actions.outbox.queries.base import (
    counted_together,
    exist_together,
    without_none,
)
from dj_actions.outbox.queries.event_chains import ChainQueries
from dj_actions.outbox.times import aware, comparable
from dj_actions.states import Outcome

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent

ID_MARGIN = timedelta(days=1)
"""How far the time in an id may be from that of its record: clocks differ, transactions last."""

FAILED_FROM = 400
"""Status codes from here on are failures: https://www.rfc-editor.org/rfc/rfc9110#section-15."""


RESOURCES_OF_ACTION = """
    WITH RECURSIVE known (resource) AS (
        SELECT min(resource) FROM {table}
        UNION ALL
        SELECT (SELECT min(resource) FROM {table} WHERE resource > known.resource)
        FROM known WHERE known.resource IS NOT NULL
    )
    SELECT resource FROM known WHERE resource IS NOT NULL AND EXISTS (
        SELECT 1 FROM {table} AS event
        WHERE event.resource = known.resource AND event.action = %s
    )
"""
"""The resources that have an action of a name: each step finds the next one in an index."""


class ActionEventQuerySet(  # type: ignore[override]  # each base has an as_manager of its own type
    ChainQueries,
    ArchivingQueries,
):
    """Queries of action events."""

    def matching(
        self,
        *,
        resource: str | None = None,
        action: str | None = None,
        object: str | None = None,
        actor: str | None = None,
        outcome: str | None = None,
        parent: str | None = None,
        root: str | None = None,
        publisher: str | None = None,
        state: str | None = None,
        remote_state: str | None = None,
    ) -> Self:
        """Return the events that match all arguments.

        Args:
            resource: the resource of the action.
            action: name of the action.
            object: id of an object that was acted on, alone or among others.
            actor: id or name of the actor.
            outcome: `succeeded` or `failed`.
            parent: id of the event that led to these.
            root: id of the first event of a chain; it is among them.
            publisher: alias of the publisher of a delivery.
            state: state of the same delivery.
            remote_state: remote state of the same delivery.
        """
        delivery = {"publisher": publisher, "state": state, "remote_state": remote_state}
        own = {"resource": resource, "action": action, "parent": parent}
        found = self.filter(**without_none(own))
        if outcome is not None:
            found = found.succeeded() if outcome == Outcome.SUCCEEDED else found.failed()
        if root is not None:
            found = found.filter(Q(root=root) | Q(pk=root))
        if object is not None:
            found = found.filter(self._acted_on(object))
        if actor is not None:
            found = found.filter(Q(actor_id=actor) | Q(actor_label=actor))
        if wanted := without_none(delivery):
            rows = self.model._meta.get_field("deliveries").related_model._default_manager
            found = found.filter(pk__in=rows.filter(**wanted).values("event"))
        return found

    def page_before(self, event_id: UUID | None, *, size: int) -> list[ActionEvent]:
        """Return a page of these events, newest first, without what they received and returned.

        Args:
            event_id: only events before this one; None for the first page. Ids sort by time.
            size: one more than the rows on the page shows whether there is a next page.
        """
        rows = self if event_id is None else self.filter(pk__lt=event_id)
        payloads = ("request_data", "response_data", "extra")
        return list(rows.defer(*payloads).order_by("-pk")[:size])

    def by_actor(self, actor: str) -> Self:
        """Return the events of an actor, in a way that always uses an index.

        It executes a statement: whether it is an id, a name or neither decides on the index.

        Args:
            actor: id or name of the actor.
        """
        everything = type(self)(model=self.model, using=self.db).order_by()
        is_id, is_label = exist_together(
            everything.filter(actor_id=actor), everything.filter(actor_label=actor)
        )
        if is_id and is_label:
            return self.matching(actor=actor)
        if is_label:
            return self.filter(actor_label=actor)
        return self.filter(actor_id=actor)

    def by_action(self, action: str) -> Self:
        """Return the events of an action of any resource, in a way that always uses an index.

        It executes a statement: which resources have such an action decides on the index.
        """
        table = self.model._meta.db_table
        with connections[self.db].cursor() as cursor:
            cursor.execute(RESOURCES_OF_ACTION.format(table=table), [action])
            resources = [resource for (resource,) in cursor.fetchall()]
        if len(resources) == 1:
            return self.filter(resource=resources[0], action=action)
        return self.filter(resource__in=resources, action=action)

    def recorded_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Return the events that were recorded in a period; None leaves an end open."""
        window = {
            "created_at__gte": since and comparable(since, using=self.db),
            "created_at__lt": until and comparable(until, using=self.db),
            # Pages are read in the order of the ids: without these, from the newest event on.
            "pk__gte": since and first_uuid7_of(aware(since, using=self.db) - ID_MARGIN),
            "pk__lt": until and first_uuid7_of(aware(until, using=self.db) + ID_MARGIN),
        }
        return self.filter(**without_none(window))

    def recent_counts(self, *, since: datetime, limit: int) -> tuple[int, int]:
        """Count the latest events: all of them, and those of actions that failed.

        Args:
            since: only events that were recorded at this time or later.
            limit: events of both kinds that are counted at most.
        """
        # Only columns of an index: PostgreSQL does not read the rows.
        recent = self.filter(created_at__gte=comparable(since, using=self.db)).order_by()
        failed = self.failed().recorded_between(since, None).order_by()
        total, failures = counted_together(
            recent.values("created_at")[:limit], failed.values("pk")[:limit]
        )
        return total, failures

    def operations_on(self, delivery_ids: Collection[int]) -> Self:
        """Return the events of operators' acts that changed one of these deliveries."""
        acts = self.filter(resource="delivery")
        concerned = Q()
        for key in delivery_ids:
            concerned |= acts._acted_on(str(key))
        return acts.filter(concerned) if delivery_ids else acts.none()

    def about_any(self, object_ids: Collection[str], resources: Collection[str]) -> Self:
        """Return the events of these resources about one of these objects, without bulk actions."""
        return self.filter(resource__in=resources, object_id__in=object_ids)

    def _acted_on(self, object_id: str) -> Q:
        if connections[self.db].features.supports_json_field_contains:
            among_others = Q(object_ids__contains=[object_id])
        else:
            text = Cast("object_ids", models.TextField())
            among_others = Q(GreaterThan(StrIndex(text, Value(json.dumps(object_id))), 0))
        return Q(object_id=object_id) | Q(object_id=None) & among_others

    def of_actions(self, actions: Iterable[tuple[str, str | None]]) -> Self:
        """Return the events of some actions.

        Args:
            actions: resource and name of each; None in place of a name for all of the resource.
        """
        wanted = Q(pk__in=[])
        for resource, action in actions:
            wanted |= Q(**without_none({"resource": resource, "action": action}))
        return self.filter(wanted)

    def about(self, object_id: str, resources: Collection[str]) -> Self:
        """Return the events of these resources about one object, the newest first.

        Those of bulk actions are left out: they have no index.
        """
        rows = self._on_write_database()
        return rows.filter(resource__in=resources, object_id=object_id).order_by("-pk")

    def succeeded(self) -> Self:
        """Return the events of actions that succeeded."""
        return self.filter(status_code__lt=FAILED_FROM)

    def failed(self) -> Self:
        """Return the events of actions that were rejected or raised an error."""
        return self.filter(status_code__gte=FAILED_FROM)

    def of_idempotency_key(
        self, keys: Collection[str], *, resource: str, action: str, actor_id: str | None
    ) -> ActionEvent | None:
        """Return the event of this actor's earlier call of an action with one of the keys."""
        rows = self._on_write_database()
        return rows.filter(
            idempotency_key__in=keys, resource=resource, action=action, actor_id=actor_id
        ).first()
