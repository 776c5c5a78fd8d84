"""What replaces a reference to an object that does not exist."""

from __future__ import annotations

from typing import Any


def missing_reference(reference: str, reference_type: str, **identity: str) -> dict[str, Any]:
    """Return Stream's JSON for a reference that leads nowhere."""
    return {
        **identity,
        "reference": reference,
        "reference_type": reference_type,
        "error": "ReferenceNotFound",
    }


def missing_user(user_id: str) -> dict[str, Any]:
    """Return the JSON of a user who does not exist."""
    return missing_reference(f"SU:{user_id}", "user", id=user_id)
