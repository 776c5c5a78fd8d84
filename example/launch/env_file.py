"""Write `.env` from `.env.example`, with random secrets for the empty values.

Run it as `python3 -m example.launch.env_file` from the root of the repository. It needs only the
standard library, and never changes an existing `.env`.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET_BYTES = 32


def new_fernet_key() -> str:
    """Return a random Fernet key: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode()


def random_value(name: str) -> str:
    """Return a new secret for the variable `name`."""
    if name.endswith("_FERNET_KEY"):
        return new_fernet_key()
    return secrets.token_hex(SECRET_BYTES)


def fill_in(line: str) -> str:
    """Return the line, with a random value if it has a name without a value."""
    name, equals, value = line.partition("=")
    if not equals or value.strip() or name.lstrip().startswith("#"):
        return line
    return f"{name}={random_value(name)}"


def write_env_file(example: Path, target: Path) -> bool:
    """Write `target` from `example`, readable by its owner only; False if it exists."""
    text = "\n".join(fill_in(line) for line in example.read_text().splitlines())
    try:
        # O_EXCL: of two concurrent runs, only one writes the file.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")
    return True


def main() -> None:
    """Write the file of this repository and print the outcome."""
    if write_env_file(ROOT / ".env.example", ROOT / ".env"):
        print("Wrote .env with random secrets. Do not share it.")
    else:
        print(".env already exists and was not changed.")


if __name__ == "__main__":
    main()
