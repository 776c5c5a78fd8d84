"""Parts of management commands that act on deliveries, for commands of other packages.

A command with the filters of `manage.py outbox`::

    class Command(DeliveryCommand):
        def add_arguments(self, parser):
            add_delivery_filters(parser)
            parser.add_argument("--all", action="store_true")

        def handle(self, *args, **options):
            deliveries = chosen_deliveries(options, DeliveryState.DELIVERED)
"""

from __future__ import annotations

from dj_actions.cli.command import TextCommand as DeliveryCommand
from dj_actions.cli.filters import add_filters as add_delivery_filters
from dj_actions.cli.filters import has_filters
from dj_actions.cli.filters import matching_or_all as chosen_deliveries
from dj_actions.cli.output import one_line
from dj_actions.cli.users import user_named

__all__ = [
    "DeliveryCommand",
    "add_delivery_filters",
    "chosen_deliveries",
    "has_filters",
    "one_line",
    "user_named",
]
