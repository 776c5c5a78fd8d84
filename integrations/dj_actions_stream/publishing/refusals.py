"""Errors of a call that is about several messages."""

from __future__ import annotations

from dj_actions.exceptions import DestinationNotFound, PublishRejected

CAUSED_BY_ONE_MESSAGE = (PublishRejected, DestinationNotFound)
"""Errors that a single activity among those of a call may have caused."""
