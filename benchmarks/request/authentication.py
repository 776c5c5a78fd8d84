"""Authentication without a query, to see what a request costs beside it."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication


class RememberedToken(TokenAuthentication):
    """Looks a token up once and keeps its user, as a cache or a signed token would."""

    remembered: dict[str, tuple[Any, Any]] = {}

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """Return user and token."""
        if key not in self.remembered:
            self.remembered[key] = super().authenticate_credentials(key)
        return self.remembered[key]
