"""`python -m dj_actions_stream.server` runs a feeds server without a project."""

from __future__ import annotations

import sys

from django.core.management import execute_from_command_line

from dj_actions_stream.server.site.environment import set_defaults


def main() -> None:
    """Run the server with the settings in DJANGO_SETTINGS_MODULE, else with those of the site."""
    set_defaults()
    execute_from_command_line([sys.argv[0], "run_feeds_server", *sys.argv[1:]])


if __name__ == "__main__":
    main()
