"""Serializers of the read-only API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from dj_actions.models import ActionEvent, Delivery


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A delivery: its publisher, state, receipt, and attempts."""

    attempt_log = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            "id",
            "publisher",
            "state",
            "attempts",
            "queued_at",
            "available_at",
            "first_sent_at",
            "settled_at",
            "receipt_id",
            "receipt_scope",
            "receipt_url",
            "receipt_parts",
            "remote_state",
            "remote_detail",
            "remote_hint",
            "remote_failure",
            "remote_result",
            "remote_duration",
            "remote_ended_at",
            "remote_changed_at",
            "remote_history",
            "errors",
            "attempt_log",
        ]
        read_only_fields = fields

    def get_attempt_log(self, delivery: Delivery) -> list[dict[str, Any]]:
        """Return the attempts that are kept, the oldest first."""
        return [asdict(attempt) for attempt in delivery.attempt_log]


class ActionEventSerializer(serializers.ModelSerializer[ActionEvent]):
    """An event with its deliveries."""

    actor = serializers.SerializerMethodField()
    root = serializers.UUIDField(  # type: ignore[assignment]  # DRF takes fields out of the class
        source="chain",
        read_only=True,
        help_text="The first event of the chain that led to this one; its own id without one.",
    )
    deliveries = DeliverySerializer(many=True, read_only=True)

    class Meta:
        model = ActionEvent
        fields = [
            "id",
            "resource",
            "action",
            "version",
            "object_id",
            "object_ids",
            "actor",
            "request_data",
            "response_data",
            "status_code",
            "duration_ms",
            "summary",
            "recipients",
            "extra",
            "traceparent",
            "parent",
            "root",
            "depth",
            "idempotency_key",
            "created_at",
            "deliveries",
        ]
        read_only_fields = fields

    def get_actor(self, event: ActionEvent) -> dict[str, Any] | None:
        """Return who acted, or None for the system itself."""
        return {"id": event.actor_id, "label": event.actor_label} if event.actor_id else None
