"""`machine_token create`, `list`, `rotate` and `revoke`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from dj_actions.cli.output import Answer, table
from dj_actions.cli.users import user_named
from dj_actions.models import MachineToken
from dj_actions.operations import (
    NewMachineToken,
    create_machine_token,
    revoke_machine_token,
    rotate_machine_token,
)

HEADINGS = ("NAME", "PREFIX", "OWNER", "ACTIONS", "STATE", "EXPIRES", "LAST USED")

ONCE = "It is shown this once: only its hash is stored."


def create(options: Mapping[str, Any]) -> Answer:
    """Create a token."""
    if options["owner"] is None:
        raise CommandError("Give an --owner: the user as whom the machine acts.")
    owner = user_named(options["owner"])
    new = create_machine_token(
        options["name"],
        owner=owner,
        actions=options["actions"],
        lifetime=options["lifetime"],
        actor=user_named(options["username"]),
    )
    is_powerful = getattr(owner, "is_superuser", False)
    note = f"{owner} is a superuser: the permissions of these actions do not limit the machine."
    return _answer(new, *((note,) if is_powerful else ()))


def rotate(options: Mapping[str, Any]) -> Answer:
    """Create a new secret for a token."""
    new = rotate_machine_token(
        options["name"],
        overlap=options["overlap"],
        lifetime=options["lifetime"],
        actor=user_named(options["username"]),
    )
    return _answer(new)


def revoke(options: Mapping[str, Any]) -> Answer:
    """Revoke a token."""
    name = options["name"]
    result = revoke_machine_token(
        name, actor=user_named(options["username"]), reason=options["reason"]
    )
    return Answer(
        text=f"Revoked: {', '.join(map(str, result.ids))}.",
        data={"operation": "revoke", "count": result.count, "prefixes": list(result.ids)},
        failure="" if result.count else f"The machine token {name} was revoked already.",
    )


def list_tokens(options: Mapping[str, Any]) -> Answer:
    """List the tokens, without their secrets."""
    rows = MachineToken.objects.on_write_database().with_state().select_related("owner")
    tokens = list(rows if options["all"] else rows.active())
    found = [_summary(token) for token in tokens]
    cells = [
        [
            *(entry["name"], entry["prefix"], entry["owner"], " ".join(entry["actions"])),
            *(entry["state"], entry["expires_at"], entry["last_used_at"]),
        ]
        for entry in found
    ]
    return Answer(
        text=table(HEADINGS, cells),
        data=found,
        failure="" if found else "There is no active machine token; see --all.",
    )


def _answer(new: NewMachineToken, *notes: str) -> Answer:
    token = new.token
    return Answer(
        text=new.secret,
        data={
            "secret": new.secret,
            "name": token.name,
            "prefix": token.prefix,
            "actions": token.actions,
            "expires_at": token.expires_at,
        },
        notes=(f"The secret of {token}. {ONCE}", *notes),
    )


def _summary(token: MachineToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "prefix": token.prefix,
        "owner": str(token.owner),
        "actions": token.actions,
        "state": token.state,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
