"""Calls of the accounts' API, to be compared with what dj-actions 0.0.7 answers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

ANN, BOB = 101, 102
"""Primary keys of the accounts there are."""

CALLS: dict[str, tuple[str, str, Any]] = {
    "rename": ("POST", f"/accounts/{ANN}/actions/rename/", {"first_name": "Anna"}),
    "rename without a name": ("POST", f"/accounts/{ANN}/actions/rename/", {}),
    "rename to a long name": (
        *("POST", f"/accounts/{ANN}/actions/rename/"),
        {"first_name": "A" * 21, "last_name": "B" * 21},
    ),
    "rename to the same name twice": (
        *("POST", f"/accounts/{ANN}/actions/rename/"),
        {"first_name": "Ann", "last_name": "Ann"},
    ),
    "rename nobody": ("POST", "/accounts/999/actions/rename/", {"first_name": "Anna"}),
    "deactivate": (
        *("POST", f"/accounts/{ANN}/actions/deactivate/"),
        {"reason": "left", "notify": True},
    ),
    "greet": ("POST", f"/accounts/{ANN}/actions/greet/", {}),
    "greet with options": (
        *("POST", f"/accounts/{ANN}/actions/greet/"),
        {"options": '{"loud": true}'},
    ),
    "contacts": ("POST", f"/accounts/{ANN}/actions/contacts/", {}),
    "reach out": ("POST", f"/accounts/{ANN}/actions/reach_out/", {"message": "Hello"}),
    "reach out without a message": ("POST", f"/accounts/{ANN}/actions/reach_out/", {}),
    "bulk deactivate": ("POST", "/accounts/actions/bulk_deactivate/", {"usernames": "ann, bob"}),
    "bulk deactivate nobody": ("POST", "/accounts/actions/bulk_deactivate/", {}),
    "bulk deactivate strangers": (
        *("POST", "/accounts/actions/bulk_deactivate/"),
        {"usernames": "eve"},
    ),
    "namesakes": ("POST", "/accounts/actions/namesakes/", {"first_name": "Ann"}),
    "count accounts": ("POST", "/accounts/actions/count_accounts/", {}),
    "elect": ("POST", "/accounts/actions/elect/", {}),
    "docs of rename": ("GET", f"/accounts/{ANN}/actions/rename/", None),
    "docs of rename of nobody": ("GET", "/accounts/999/actions/rename/", None),
    "docs of deactivate": ("GET", f"/accounts/{ANN}/actions/deactivate/", None),
    "docs of greet": ("GET", f"/accounts/{ANN}/actions/greet/", None),
    "docs of contacts": ("GET", f"/accounts/{ANN}/actions/contacts/", None),
    "docs of reach out": ("GET", f"/accounts/{ANN}/actions/reach_out/", None),
    "docs of bulk deactivate": ("GET", "/accounts/actions/bulk_deactivate/", None),
    "docs of namesakes": ("GET", "/accounts/actions/namesakes/", None),
    "docs of elect": ("GET", "/accounts/actions/elect/", None),
    "list": ("GET", "/accounts/actions/list/", None),
    "unknown instance action": ("POST", f"/accounts/{ANN}/actions/renam/", {}),
    "unknown bulk action": ("POST", "/accounts/actions/bulk_deactivat/", {}),
    "docs of unknown instance action": ("GET", f"/accounts/{ANN}/actions/renam/", None),
    "instance action as bulk": ("POST", "/accounts/actions/rename/", {}),
    "bulk action as instance": ("POST", f"/accounts/{ANN}/actions/elect/", {}),
}
"""Name → method, path, body."""


def make_accounts() -> User:
    """Make the accounts, and return who calls."""
    ann = User.objects.create(pk=ANN, username="ann", first_name="Ann", email="ann@example.com")
    User.objects.create(pk=BOB, username="bob", first_name="Ann", last_name="B.")
    return ann
