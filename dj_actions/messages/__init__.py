"""The frozen values that publishers receive and return."""

from __future__ import annotations

from dj_actions.messages.actors import Actor
from dj_actions.messages.message import Message
from dj_actions.messages.receipts import CurrentResult, Receipt, ReceiptPart, web_url
from dj_actions.messages.remote_runs import RemoteFailure, RemoteRun

__all__ = [
    "Actor",
    "CurrentResult",
    "Message",
    "Receipt",
    "ReceiptPart",
    "RemoteFailure",
    "RemoteRun",
    "web_url",
]
