"""Act on the DAG runs of deliveries: rerun, mark, note, unpause, trigger again.

Each act is recorded with the user and the reason, before Airflow is asked and after it has
responded. Import this module after Django has loaded the apps: it imports models.
"""

from __future__ import annotations

from dj_actions_airflow.run_operations.service import mark, note, rerun, trigger, unpause

__all__ = ["mark", "note", "rerun", "trigger", "unpause"]
