"""The secret of a machine token: its form, the part that may be shown, and the hash of it."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

MARK = "dja_"
"""Start of every secret, by which people and scanners recognize one."""

RANDOM_BYTES = 32

PREFIX_LENGTH = len(MARK) + 8
"""Characters of a secret that are stored and shown; the other 35 random ones are not."""

SECRET = re.compile(rf"{MARK}[A-Za-z0-9_-]{{43}}")


def new_secret() -> str:
    """Return a new secret of 256 random bits."""
    return f"{MARK}{secrets.token_urlsafe(RANDOM_BYTES)}"


def is_well_formed(text: str) -> bool:
    """Return whether a string has the form of a secret."""
    return SECRET.fullmatch(text) is not None


def digest_of(secret: str) -> str:
    """Return the hash that is stored of a secret.

    A fast hash is enough: unlike a password, the secret cannot be guessed.
    """
    return sha256(secret.encode()).hexdigest()


def prefix_of(secret: str) -> str:
    """Return the part of a secret by which people recognize it."""
    return secret[:PREFIX_LENGTH]
