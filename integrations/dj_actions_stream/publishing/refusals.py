"""Errors of a call that is about several messages."""

from __future__ import annotations

from dj_actions.exceptions import DestinationNotFound, PublishRejected

PERHAPS_ONE_OF_THEM = (PublishRejected, DestinationNotFound)
"""Errors that a single activity among those of a call may have caused."""
