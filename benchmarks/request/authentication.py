"""Authentication without a query, to measure the rest of a request."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication


class RememberedToken(TokenAuthentication):
    """Token authentication that caches the user, like a signed token would."""

    remembered: dict[str, tuple[Any, Any]] = {}

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """Return the user and the token."""
        if key not in self.remembered:
            self.remembered[key] = super().authenticate_credentials(key)
        return self.remembered[key]
