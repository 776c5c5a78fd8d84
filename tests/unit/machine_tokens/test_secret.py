"""Secrets of machine tokens are recognized, random, and hashed."""

from __future__ import annotations

from hashlib import sha256

import pytest

from dj_actions.exceptions import without_secrets
from dj_actions.machine_tokens.secret import digest_of, is_well_formed, new_secret, prefix_of


def test_a_secret_is_recognized_and_never_the_same() -> None:
    found = {new_secret() for _ in range(100)}

    assert len(found) == 100
    assert all(is_well_formed(secret) and secret.startswith("dja_") for secret in found)


def test_what_is_stored_is_a_hash_and_a_prefix_that_leaves_most_of_it_unknown() -> None:
    secret = new_secret()

    assert digest_of(secret) == sha256(secret.encode()).hexdigest()
    assert prefix_of(secret) == secret[:12]
    assert len(secret) - len(prefix_of(secret)) == 35


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "a",
        lambda secret: secret + "\n",
        lambda secret: secret.replace("dja_", "DJA_"),
        lambda secret: secret[:-1] + "ü",
        lambda secret: secret[:-1] + "\0",
        lambda secret: "",
    ],
)
def test_another_form_is_not_one(change: object) -> None:
    assert callable(change)
    assert not is_well_formed(change(new_secret()))


def test_a_secret_is_removed_from_messages_of_clients() -> None:
    secret = new_secret()

    assert secret not in without_secrets(f"Invalid header value b'Bearer {secret}'")
