"""A secret that is made at the first start and kept, so that clients need no new one each time."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OWNER_ONLY = 0o600


def kept_secret(path: Path) -> str:
    """Return the secret in a file, which is created if it does not exist."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        return _read(path)
    secret = secrets.token_hex(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret


def _read(path: Path) -> str:
    secret = path.read_text().strip()
    if not secret:
        raise ImproperlyConfigured(f"{path} is empty; delete it, or set FEEDS_API_SECRET.")
    return secret
