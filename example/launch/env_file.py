"""Write `.env` from `.env.example`: every empty value becomes a random one.

Run it as `python3 -m example.launch.env_file` from the top of the repository. It needs
nothing but Python itself, and it never touches a `.env` that exists.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET_BYTES = 32


def fernet_key() -> str:
    """Return a key as Fernet wants it: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode()


def random_value(name: str) -> str:
    """Return a new secret for the variable `name`, of letters and digits where it may be."""
    if name.endswith("_FERNET_KEY"):
        return fernet_key()
    return secrets.token_hex(SECRET_BYTES)


def filled_in(line: str) -> str:
    """Return the line as it is, or with a random value where it gives a name none."""
    name, equals, value = line.partition("=")
    if not equals or value.strip() or name.lstrip().startswith("#"):
        return line
    return f"{name}={random_value(name)}"


def write_env_file(example: Path, target: Path) -> bool:
    """Write `target` from `example`, readable by its owner only; False if it was there."""
    text = "\n".join(filled_in(line) for line in example.read_text().splitlines())
    try:
        # O_EXCL: of two that run at once, one writes and the other leaves it alone.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(f"{text}\n")
    return True


def main() -> None:
    """Write the file of this repository and say what was done."""
    if write_env_file(ROOT / ".env.example", ROOT / ".env"):
        print("Wrote .env with random secrets. Keep it to yourself.")
    else:
        print(".env is there already and was left as it is.")


if __name__ == "__main__":
    main()
