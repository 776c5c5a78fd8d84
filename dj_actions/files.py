"""Open files that are written to, without following a symbolic link to another one."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path
from typing import TextIO

PRIVATE = 0o600
"""Permissions of a new file that only its owner may read and write."""

SHARED = 0o666
"""Permissions of a new file that the umask decides."""

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows does not have it


def open_to_append(path: Path, *, permissions: int) -> TextIO:
    """Open a file at its end, or create it.

    Args:
        path: the file.
        permissions: of the file if it is created, less those that the umask removes.

    Raises:
        OSError: the file cannot be opened, or is a symbolic link.
    """
    opener = partial(_open, permissions=permissions)
    try:
        return open(path, "a", encoding="utf-8", opener=opener)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(error.errno, "It is a symbolic link; give the file itself") from error
        raise


def _open(path: str, flags: int, *, permissions: int) -> int:
    return os.open(path, flags | NO_FOLLOW, permissions)
