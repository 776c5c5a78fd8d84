#!/usr/bin/env python
"""Django's command line for the todo project; run it from the root of the repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.project.settings")
    execute_from_command_line(sys.argv)
