"""The registry of the actions on accounts."""

from __future__ import annotations

from pathlib import Path

from dj_actions.util import ACTION_TYPE, STATUS, enrich_actions

action_list = []
# -- START ACTION REGISTRY -- #
action_list.append(("rename", ACTION_TYPE.INSTANCE.value, STATUS.PROD.value))
action_list.append(("deactivate", ACTION_TYPE.INSTANCE.value, STATUS.BETA.value))
action_list.append(("greet", ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value))
action_list.append(("contacts", ACTION_TYPE.INSTANCE.value, STATUS.TODO.value))
action_list.append(("reach_out", ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value))
action_list.append(("bulk_deactivate", ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
action_list.append(("namesakes", ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
action_list.append(("count_accounts", ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
action_list.append(("elect", ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
# -- END ACTION REGISTRY -- #

base = str(Path(__file__).parents[1])

initial_registry = {"resource": "account", "basepath": "/accounts/", "actions": {}}
ACTIONS = enrich_actions(base, initial_registry, action_list, environment={"team": "people"})
