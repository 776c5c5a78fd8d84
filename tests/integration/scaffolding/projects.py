"""Fresh Django projects in a folder of their own, used through their manage.py."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
execute_from_command_line(sys.argv)
"""

SETTINGS = """
from pathlib import Path

SECRET_KEY = "of a project that lives as long as a test"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "dj_actions",
    {apps},
]
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).parent / "site.sqlite3",
        "OPTIONS": {{"transaction_mode": "IMMEDIATE"}},
    }}
}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "site_urls"
USE_TZ = True
{more}
"""

SECONDS = 300
"""Longest run of one program."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder."""

    folder: Path

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, and what makes their folders packages."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip("\n"))
            for folder in path.relative_to(self.folder).parents[:-1]:
                (self.folder / folder / "__init__.py").touch()

    def manage(self, *arguments: str) -> str:
        """Run manage.py; return what it printed, and fail if it fails."""
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        """Run Python in the project; return what it printed, and fail if it fails."""
        mine = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=mine | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr
