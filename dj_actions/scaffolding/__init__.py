"""Write the files of new actions into an app: what `start_actions` and `create_action` do."""

from __future__ import annotations
