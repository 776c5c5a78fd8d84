"""Write the files of new actions, for the commands `start_actions` and `create_action`."""

from __future__ import annotations
