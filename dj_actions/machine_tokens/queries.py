"""Queries of machine tokens, named by their purpose.

Tokens are read where they are written: a replica could accept one that was revoked a moment ago.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from django.db import models, router, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now

from dj_actions.outbox.queries import from_now

if TYPE_CHECKING:
    from dj_actions.models import MachineToken

USE_INTERVAL = 60
"""Seconds for which the last use of a token is not written again."""


class MachineTokenQuerySet(models.QuerySet["MachineToken"]):
    """Queries of machine tokens."""

    def on_write_database(self) -> Self:
        """Return the same rows on the database that tokens are written to."""
        return self.using(router.db_for_write(self.model))

    def with_state(self) -> Self:
        """Add `is_expired` and `is_recently_used`, by the database's clock."""
        expired = Q(expires_at__isnull=False, expires_at__lte=Now())
        recent = Q(last_used_at__isnull=False, last_used_at__gt=from_now(-USE_INTERVAL))
        return self.annotate(
            is_expired=ExpressionWrapper(expired, output_field=BooleanField()),
            is_recently_used=ExpressionWrapper(recent, output_field=BooleanField()),
        )

    def of_digest(self, digest: str) -> MachineToken | None:
        """Return the token with the hash of a secret, in whatever state, with its owner; or None.

        How long that takes says nothing about the secret. It is not an argument itself: error
        reports show the arguments of Django's managers.
        """
        rows = self.on_write_database().with_state().select_related("owner")
        found = rows.filter(digest=digest).first()
        return found if found and secrets.compare_digest(found.digest, digest) else None

    def active(self) -> Self:
        """Return the tokens that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)

    def names_expiring_within(self, seconds: float) -> list[str]:
        """Return the names of which no active token is valid for longer than some seconds."""
        end = from_now(seconds)
        lasting = self.active().filter(Q(expires_at=None) | Q(expires_at__gt=end))
        ending = self.active().exclude(name__in=lasting.values("name"))
        return list(ending.order_by("name").values_list("name", flat=True).distinct())

    def known_as(self, name: str) -> Self:
        """Return the tokens with a name, or with a prefix of their secret."""
        return self.filter(Q(name=name) | Q(prefix=name))

    def mark_used(self, pk: int) -> None:
        """Write that a token is used now, unless another request is writing it."""
        rows = self.on_write_database()
        with transaction.atomic(using=rows.db):
            # Requests with one token must not wait for each other: this may be part of a long
            # transaction, with ATOMIC_REQUESTS.
            free = rows.filter(pk=pk).exclude(last_used_at__gt=from_now(-USE_INTERVAL))
            free = free.select_for_update(skip_locked=True, no_key=True)
            rows.filter(pk__in=free.values("pk")).update(last_used_at=Now())

    def revoke(self) -> int:
        """Make tokens useless from now on; return how many were not revoked before."""
        return self.filter(revoked_at=None).update(revoked_at=Now())

    def expire_within(self, seconds: float) -> int:
        """Let tokens expire after some seconds, unless they do so before; return how many."""
        end = from_now(seconds)
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=end)).update(expires_at=end)
