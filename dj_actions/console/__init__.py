"""The console: pages that show what actions set off, and let people on call act on it.

Add `dj_actions.console` to INSTALLED_APPS, and to the URLs
`path("actions/", include("dj_actions.console.urls"))`.
"""

from __future__ import annotations

__all__: list[str] = []
