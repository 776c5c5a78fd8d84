"""The responses to calls of actions."""

from __future__ import annotations

from rest_framework.response import Response

from dj_actions.context import PlannedDelivery
from dj_actions.execution.call import ActionResult
from dj_actions.execution.idempotency import REPLAYED_HEADER

EVENT_HEADER = "Action-Event"
"""Response header with the id of the recorded event."""


def action_response(result: ActionResult) -> Response:
    """Return the response to a call, with the id of its event and the version of its object."""
    headers = {EVENT_HEADER: str(result.event.pk)} if result.is_recorded else {}
    if result.is_replay:
        headers[REPLAYED_HEADER] = "true"
    if result.entity_tag:
        headers["ETag"] = result.entity_tag
    return Response(result.body, status=result.status_code, headers=headers)


def dry_run_response(result: ActionResult) -> Response:
    """Describe the response and the deliveries without `dry_run`."""
    return Response(
        {
            "dry_run": True,
            "status": result.status_code,
            "result": result.body,
            "deliveries": [_as_json(delivery) for delivery in result.planned],
        }
    )


def _as_json(delivery: PlannedDelivery) -> dict[str, str]:
    described = {"action": delivery.action, "publisher": delivery.publisher}
    return described | ({"refusal": delivery.refusal} if delivery.refusal else {})
