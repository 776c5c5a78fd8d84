"""A local feeds server: Stream's Feeds v2 protocol as a Django app, for development and tests.

It stores activities in the site's database and works with the unmodified Stream clients.
It does not import `dj_actions`: put `dj_actions_stream.server` in INSTALLED_APPS, include
`dj_actions_stream.server.urls` at the root (the clients drop any prefix) and set FEEDS_SERVER.
"""

from __future__ import annotations

__all__: list[str] = []
