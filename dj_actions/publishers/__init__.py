"""The base class of publishers, and the configured instances: `publishers["feeds"]`."""

from __future__ import annotations

from dj_actions.publishers.base import BasePublisher
from dj_actions.publishers.handler import publishers
from dj_actions.publishers.operations import DeliveryOperation, OperationOutcome, OperationStatus
from dj_actions.publishers.rejections import before_sending, require_stored

__all__ = [
    "BasePublisher",
    "DeliveryOperation",
    "OperationOutcome",
    "OperationStatus",
    "before_sending",
    "publishers",
    "require_stored",
]
