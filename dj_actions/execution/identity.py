"""Who makes a call: whose an idempotency key is, and whose failures are recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import Model

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    """What distinguishes one caller from all others."""

    parts: tuple[str | None, ...] = field(repr=False)
    """The tenant, what kind of caller it is, and what identifies it among those."""

    is_plain: bool
    """Whether the actor of a record identifies the caller: the system, or a user of
    AUTH_USER_MODEL in a database without tenants."""

    @property
    def text(self) -> str:
        """The parts as one text: unambiguous, and perhaps secret; hash it before it is stored."""
        return json.dumps(self.parts)

    @classmethod
    def of(cls, user: Any, auth: Any, *, using: str) -> Self | None:
        """Return the identity of a caller; None if nothing identifies it.

        A user is identified by its model and primary key. A caller without one is identified by
        what its authentication class has set as `request.auth`: a model instance by its primary
        key, anything else by its value.

        Args:
            user: the user; None for the system itself.
            auth: the value of `request.auth`, if any.
            using: alias of the database, whose connection may belong to a tenant.
        """
        parts = [SYSTEM] if user is None else _parts_of(user, auth)
        if not parts:
            return None
        # Set by django-tenants and its relatives: users of different tenants have the same keys.
        tenant = getattr(connections[using], "schema_name", None)
        return cls(
            parts=(tenant, *parts),
            is_plain=tenant is None and parts[0] in {SYSTEM, _label_of(get_user_model())},
        )


def _parts_of(user: Any, auth: Any) -> list[str]:
    key = getattr(user, "pk", None) if user.is_authenticated else None
    if key is not None:
        return [_kind_of(user), str(key)]
    # Without a primary key, one user object may stand for many clients.
    name = _name_of(user) if user.is_authenticated else ""
    credentials = _credentials(auth)
    return [f"{_kind_of(user)} without a key", name, *credentials] if name or credentials else []


def _credentials(auth: Any) -> list[str]:
    if auth is None or isinstance(auth, bool) or not auth:
        return []
    if isinstance(auth, Model):
        return [] if auth.pk is None else [_kind_of(auth), str(auth.pk)]
    if isinstance(auth, (Mapping, list, tuple)):
        return [_kind_of(auth), json.dumps(auth, default=str, sort_keys=True)]
    return [_kind_of(auth), str(auth)] if _has_own_text(auth) else []


def _name_of(user: Any) -> str:
    name = user.get_username() if hasattr(user, "get_username") else ""
    return str(name) or (str(user) if _has_own_text(user) else "")


def _has_own_text(value: object) -> bool:
    """Return whether `str()` says more than the value's address, which is new for each request."""
    cls = value.__class__
    return cls.__str__ is not object.__str__ or cls.__repr__ is not object.__repr__


def _kind_of(value: Any) -> str:
    cls = value.__class__  # not type(): `request.user` may be a lazy object
    return _label_of(cls) if issubclass(cls, Model) else f"{cls.__module__}.{cls.__qualname__}"


def _label_of(model: type[Model]) -> str:
    concrete: Any = model._meta.concrete_model
    return str(concrete._meta.label_lower)
