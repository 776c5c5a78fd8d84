"""DJ Actions: named actions for Django REST framework, carried outside if they committed.

Where to find what:

- `dj_actions.action`: `Action`, `register`; `dj_actions.context`: what `perform` is given
- `dj_actions.mixins`: `ActionMixin` for viewsets; `dj_actions.model_admin`: `ActionAdminMixin`
- `dj_actions.publishers`: `BasePublisher` for publishers of your own
- `dj_actions.exceptions`, `dj_actions.signals`, `dj_actions.testing`
"""

from __future__ import annotations

__version__ = "0.1.0"
