"""Create, rotate and revoke the tokens of machines; each is recorded with the actor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import router, transaction
from django.views.decorators.debug import sensitive_variables

from dj_actions.exceptions import InvalidAction
from dj_actions.machine_tokens.model import NAME_LENGTH
from dj_actions.machine_tokens.patterns import require_patterns
from dj_actions.machine_tokens.secret import MARK, digest_of, new_secret, prefix_of
from dj_actions.messages import Actor
from dj_actions.models import MachineToken
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.operations.result import OperationResult
from dj_actions.outbox.queries import from_now
from dj_actions.outbox.times import aware
from dj_actions.registry import registry
from dj_actions.text import did_you_mean, is_storable

RESOURCE = "machinetoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMachineToken:
    """A token that was just created, with its secret."""

    token: MachineToken

    secret: str = field(repr=False)
    """It is not stored, and cannot be shown again."""


def create_machine_token(
    name: str, *, owner: Any, actions: Collection[str], lifetime: float | None, actor: Any
) -> NewMachineToken:
    """Create a token with which a machine calls some actions.

    Args:
        name: what the token is for, such as `airflow`; no other active token has it.
        owner: the user as whom the machine acts, with this user's permissions.
        actions: patterns of the actions that it may call, `todo.mark_done` or `todo.*`.
        lifetime: seconds after which it expires; None for never.
        actor: the user who creates it, or None for the system itself.

    Raises:
        InvalidAction: the name is taken or malformed, the owner is inactive, the lifetime is not
            positive, or a pattern names no action.
    """
    _require_name(name)
    _require_lifetime(lifetime)
    if not getattr(owner, "is_active", True):
        raise InvalidAction(f"The owner {str(owner)!r} is inactive.")
    patterns = require_patterns(actions, [(entry.resource, entry.name) for entry in registry])
    with transaction.atomic(using=_database()):
        if _tokens().active().filter(name=name).exists():
            raise InvalidAction(
                f"There is an active machine token {name!r} already. Rotate it, or revoke it first."
            )
        new = _insert(name, owner_id=owner.pk, actions=patterns, lifetime=lifetime, actor=actor)
        _record("create", new.token, actor, owner=str(owner))
    return new


def rotate_machine_token(
    name: str, *, overlap: float, lifetime: float | None, actor: Any
) -> NewMachineToken:
    """Create a new secret for a token; the earlier one expires after some time.

    Args:
        name: the token's name, or the prefix of its secret.
        overlap: seconds for which the earlier secret remains valid.
        lifetime: seconds after which the new secret expires; None for never.
        actor: the user who rotates it, or None for the system itself.

    Raises:
        InvalidAction: there is no such active token, or a number is negative.
    """
    _require_lifetime(lifetime)
    if overlap < 0:
        raise InvalidAction(f"The overlap must not be negative, as {overlap!r} is.")
    with transaction.atomic(using=_database()):
        rows = _tokens().active().known_as(name)
        old = list(rows.select_for_update().order_by("pk"))
        if not old:
            raise InvalidAction(_unknown(name))
        last = old[-1]
        new = _insert(
            last.name,
            owner_id=last.owner_id,
            actions=last.actions,
            lifetime=lifetime,
            actor=actor,
        )
        _tokens().filter(pk__in=[entry.pk for entry in old]).expire_within(overlap)
        _record("rotate", new.token, actor, replaces=[entry.prefix for entry in old])
    return new


def revoke_machine_token(
    name: str, *, actor: Any, reason: str, dry_run: bool = False
) -> OperationResult:
    """Make a token useless from now on.

    Args:
        name: the token's name, for all its secrets, or the prefix of one of them.
        actor: the user who revokes it, or None for the system itself.
        reason: why; recorded.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: there is no such token, or the reason is empty.
    """
    found = list(_tokens().known_as(name).order_by("pk"))
    if not found:
        raise InvalidAction(_unknown(name))
    if dry_run:
        prefixes = [entry.prefix for entry in found if entry.revoked_at is None]
        return OperationResult.of(prefixes, dry_run=True)
    stored_reason, revoked = require_reason(reason), []
    for token in found:
        with transaction.atomic(using=_database()):
            if _tokens().filter(pk=token.pk).revoke():
                _record("revoke", token, actor, reason=stored_reason)
                revoked.append(token.prefix)
    return OperationResult.of(revoked)


@sensitive_variables("secret")
def _insert(
    name: str, *, owner_id: Any, actions: list[str], lifetime: float | None, actor: Any
) -> NewMachineToken:
    secret, user = new_secret(), Actor.of(actor)
    token = _tokens().create(
        name=name,
        owner_id=owner_id,
        digest=digest_of(secret),
        prefix=prefix_of(secret),
        actions=actions,
        created_by=user.label if user else "",
        expires_at=None if lifetime is None else from_now(lifetime),
    )
    token.refresh_from_db(using=_database())
    return NewMachineToken(token=token, secret=secret)


def _record(action: str, token: MachineToken, actor: Any, **data: Any) -> None:
    expires_at = token.expires_at and aware(token.expires_at, using=_database()).isoformat()
    details = {"name": token.name, "actions": token.actions, "expires_at": expires_at}
    record_operation(RESOURCE, action, object_ids=[token.prefix], actor=actor, data=details | data)


def _require_name(name: str) -> None:
    is_usable = 0 < len(name) <= NAME_LENGTH and is_storable(name) and name.isprintable()
    if not is_usable or name != name.strip() or name.startswith(MARK):
        raise InvalidAction(
            f"{name!r:.200} is not a name for a machine token. Use 1 to {NAME_LENGTH} printable "
            f"characters that do not start with {MARK!r}, as secrets do."
        )


def _require_lifetime(lifetime: float | None) -> None:
    if lifetime is not None and not lifetime > 0:
        raise InvalidAction(f"The lifetime must be above zero, not {lifetime!r}.")


def _unknown(name: str) -> str:
    known = sorted(set(_tokens().active().values_list("name", flat=True)))
    shown = prefix_of(name) if name.startswith(MARK) else name
    return f"There is no active machine token {shown!r}.{did_you_mean(shown, known)}"


def _tokens() -> Any:
    return MachineToken.objects.using(_database())


def _database() -> str:
    return router.db_for_write(MachineToken)
