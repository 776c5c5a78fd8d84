"""DJ Actions: named actions for Django REST framework, with a transactional outbox.

The public modules, for declaring and running actions:

- `dj_actions.action`: `Action`, `register`, `invoke`; `dj_actions.context`: what `perform` receives
- `dj_actions.inputs`: adapters for other ways to declare an input
- `dj_actions.mixins`: `ActionMixin` for viewsets; `dj_actions.model_admin`: `ActionAdminMixin`
- `dj_actions.registry`: all actions of the project

For publishing, and for operating the outbox:

- `dj_actions.publishers`: `BasePublisher`; `dj_actions.messages`: what a publisher receives
- `dj_actions.conf`, `dj_actions.policies`: the `DJ_ACTIONS` setting and its values
- `dj_actions.models`, `dj_actions.states`: events, deliveries and their states
- `dj_actions.operations`: retry, cancel, replay, discard, pause, resume, prune, archive
- `dj_actions.signals`, `dj_actions.exceptions`, `dj_actions.testing`, `dj_actions.urls`

All public names are in docs/reference.md. Other modules may change in any release.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
"""Version of the distribution."""
