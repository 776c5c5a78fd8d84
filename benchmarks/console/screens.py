"""The pages that are measured: the screens as they open, and with filters that are used most."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from dj_actions.models import ActionEvent, Delivery


def first_screens() -> Mapping[str, str]:
    """Return title → URL of each screen of the console."""
    delivery = Delivery.objects.filter(publisher="pipelines").order_by("-pk")[0]
    return {
        "overview": _url("overview"),
        "actions": _url("actions"),
        "an event": _url("event", delivery.event_id),
        "deliveries": _url("deliveries"),
        "dead letters": _url("dead_letters"),
        "publishers": _url("publishers"),
        "a publisher": _url("publisher", "feeds"),
        "a publisher with little traffic": _url("publisher", "rare"),
        "runs": _url("runs"),
        "catalogue": _url("catalogue"),
        "search": f"{_url('search')}?q=7",
    }


def other_pages() -> Mapping[str, str]:
    """Return title → URL of filtered pages, searches, and the question of an idle page."""
    event = ActionEvent.objects.filter(idempotency_key__isnull=False).order_by("pk")[0]
    delivered = Delivery.objects.filter(event=event.pk, receipt_id__gt="")
    receipts = dict(delivered.values_list("publisher", "receipt_id"))
    month, week = (_days_ago(days) for days in (29, 7))
    actions = {
        "a resource": "resource=list",
        "an action": "action=archive",
        "an action that is unknown": "action=nothing",
        "a resource that is unknown": "resource=nothing",
        "an action of a resource": "resource=list&action=archive",
        "an object": "object=49999",
        "an object of a resource": "resource=todo&object=49999",
        "an object of a bulk action": f"object={_bulk_object()}",
        "an object that is unknown": "object=nothing",
        "the id of a user": "actor=7",
        "the name of a user": "actor=user7",
        "a user who is unknown": "actor=nobody",
        "failures": "outcome=failed",
        "failures of a user": "outcome=failed&actor=user7",
        "the first day": f"until={month}",
        "a week ago, of a user": f"until={week}&actor=user7",
        "a page in the middle": f"before={_middle()}",
    }
    searches = {
        "an event": str(event.pk),
        "a run": receipts.get("pipelines", ""),
        "an activity": receipts.get("feeds", ""),
        "an idempotency key": str(event.idempotency_key),
        "a user": "user7",
        "nothing": "nothing",
    }
    deliveries = {
        "dead": "state=dead",
        "cancelled": "state=cancelled",
        "delivered, of a publisher": "state=delivered&publisher=rare",
        "text of an error": "state=dead&error=property",
        "pending": "state=pending",
        "dead of a publisher": "state=dead&publisher=feeds",
        "an object": "object=49999",
        "failed runs": "remote_state=failed",
    }
    runs = {
        "running": "remote_state=running",
        "failed": "remote_state=failed",
        "of a DAG": "receipt_scope=nightly",
        "of an unknown DAG": "receipt_scope=nothing",
    }
    return {
        **{f"actions: {name}": f"{_url('actions')}?{query}" for name, query in actions.items()},
        **{f"search: {name}": f"{_url('search')}?q={text}" for name, text in searches.items()},
        **{
            f"deliveries: {name}": f"{_url('deliveries')}?{query}"
            for name, query in deliveries.items()
        },
        **{f"runs: {name}": f"{_url('runs')}?{query}" for name, query in runs.items()},
    }


def _url(name: str, *arguments: object) -> str:
    return reverse(f"dj_actions_console:{name}", args=arguments)


def _days_ago(days: int) -> str:
    return (timezone.now() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def _bulk_object() -> str:
    return str(ActionEvent.objects.filter(object_id=None).order_by("pk")[0].object_ids[0])


def _middle() -> str:
    half = timezone.now() - timedelta(days=15)
    return str(ActionEvent.objects.filter(created_at__gte=half).order_by("created_at")[0].pk)
