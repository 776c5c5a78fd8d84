"""The public API: each public module, with its names.

These names follow semantic versioning: a name that is renamed, moved or removed is a breaking
change, and belongs in CHANGELOG.md. Everything else in the three packages may change in any
release.
"""

from __future__ import annotations

from collections.abc import Mapping

PUBLIC: Mapping[str, tuple[str, ...]] = {
    # Declaring and running actions
    "dj_actions": ("__version__",),
    "dj_actions.action": ("Action", "ActionResult", "invoke", "register"),
    "dj_actions.context": ("ActionContext", "Emission", "PlannedDelivery"),
    "dj_actions.inputs": (
        *("InputAdapter", "InputContext", "InputField", "ValidatedInput"),
        *("DataclassInput", "FormInput", "JsonSchemaInput", "NoInput"),
        *("PydanticInput", "SerializerInput"),
    ),
    "dj_actions.registry": ("Registry", "registry"),
    # Offering them
    "dj_actions.authentication": ("MachineTokenAuthentication",),
    "dj_actions.mixins": ("ActionMixin", "BaseActionMixin"),
    "dj_actions.model_admin": ("ActionAdminMixin",),
    "dj_actions.openapi.actions": ("ActionSchema",),
    "dj_actions.urls": ("app_name", "urlpatterns"),
    "dj_actions.console": (),
    "dj_actions.console.access": ("Verb",),
    "dj_actions.console.extension": ("ConsoleView", "Section", "register_section"),
    "dj_actions.console.urls": ("app_name", "urlpatterns"),
    # Publishing what they did
    "dj_actions.messages": (
        *("Actor", "CurrentResult", "Message"),
        *("Receipt", "ReceiptPart", "RemoteFailure", "RemoteRun"),
        "web_url",
    ),
    "dj_actions.publishers": (
        *("BasePublisher", "before_sending", "publishers", "require_stored"),
        *("DeliveryOperation", "OperationOutcome", "OperationStatus"),
    ),
    "dj_actions.publishers.bounded": (
        *("MAX_RESPONSE_BYTES", "ResponseTooLarge"),
        *("bound_pools", "bounded_chunks", "read_body"),
    ),
    "dj_actions.publishers.console": ("ConsolePublisher",),
    "dj_actions.publishers.http": (
        *("is_base_url", "is_timeout", "rate_limit_wait", "require_timeouts"),
        *("retry_after_seconds", "sentences", "with_status"),
        *("without_credentials", "without_secrets"),
    ),
    "dj_actions.publishers.memory": ("MemoryPublisher", "outboxes"),
    "dj_actions.publishers.templates": (
        *("AVAILABLE", "NO_VALUE", "SYSTEM", "MissingValue", "Template", "with_object_label"),
    ),
    "dj_actions_stream": (
        *("Activity", "Effect", "EffectKind", "Feed", "StreamPublisher", "feed_of"),
    ),
    "dj_actions_stream.server": (),
    "dj_actions_stream.server.urls": ("urlpatterns",),
    "dj_actions_stream.v3": ("StreamV3Publisher",),
    "dj_actions_stream.feeds": (
        *("read", "may_read", "mark_read", "mark_seen"),
        *("follow", "followers", "following", "unfollow", "feed_token", "user_token"),
        *("ActivityGroup", "FeedActivity", "FeedPage", "Follow", "Reference"),
        *("FeedError", "FeedForbidden", "FeedNotFound", "FeedUnavailable", "InvalidFeedRequest"),
    ),
    "dj_actions_stream.feeds.api.urls": ("app_name", "urlpatterns"),
    "dj_actions_stream.feeds.rules": (
        *("authenticated", "everyone", "object_viewer", "owner", "staff"),
    ),
    "dj_actions_stream.feeds.urls": ("app_name", "urlpatterns"),
    "dj_actions_airflow": ("AirflowPublisher",),
    "dj_actions_airflow.runs": ("mark", "note", "rerun", "trigger", "unpause"),
    # Configuring it
    "dj_actions.conf": ("PublisherSettings", "RecordFailures", "Settings", "get_settings"),
    "dj_actions.policies": ("OnPoison", "Ordering", "RetryPolicy"),
    # Reading and operating the outbox
    "dj_actions.models": (
        *("ActionEvent", "ArchivedActionEvent", "Attempt", "Delivery", "DeliveryCount"),
        *("EventAction", "MachineToken", "PublisherState", "RelayHeartbeat"),
        *("ACTION_TYPE", "DEFAULT_TTL_MINUTES"),  # names of 0.0.7
    ),
    "dj_actions.operations": (
        *("OperationResult", "archive", "cancel", "discard", "pause"),
        *("prune", "replay", "replay_delivered", "resume", "retry"),
        *("NewMachineToken", "create_machine_token"),
        *("revoke_machine_token", "rotate_machine_token"),
        *("record_operation", "require_reason"),
    ),
    "dj_actions.commands": (
        *("DeliveryCommand", "add_delivery_filters", "chosen_deliveries", "has_filters"),
        *("one_line", "user_named"),
    ),
    "dj_actions.signals": (
        *("action_recorded", "delivery_dead", "delivery_settled"),
        *("publisher_recovered", "remote_finished"),
    ),
    "dj_actions.states": ("DeliveryState", "Outcome", "RemoteState"),
    # Errors and tests
    "dj_actions.exceptions": (
        *("DJActionsError", "InvalidSetting", "RelayAlreadyRunning"),
        *("ActionError", "ActionAlreadyRegistered", "ActionNotFound", "InvalidAction"),
        *("ChainTooLong", "OutsideTransaction"),
        *("PublishError", "DestinationNotFound", "PublishRejected", "PublisherMisconfigured"),
        *("PublisherUnavailable", "RateLimited"),
    ),
    "dj_actions.testing": (
        *("assert_delivered", "assert_not_recorded", "assert_recorded", "drain"),
        *("Captured", "captured", "FailingPublisher", "PublisherContract", "make_message"),
    ),
    # The paths of dj-actions 0.0.7, in addition to `mixins` and `models`
    "dj_actions.actions.action_registry": ("ACTIONS",),
    "dj_actions.api": ("ActionEventSerializer", "ActionEventViewSet", "router"),
    "dj_actions.fields": ("CommaSeparatedCharField", "JSONTextField"),
    "dj_actions.forms.mixins": ("ActionFormMixin",),
    "dj_actions.legacy": ("ActionMixin", "BaseActionMixin"),
    "dj_actions.tests.testutils": (
        *("assert_in_registry", "get_bulk_action_url", "get_instance_action_url"),
    ),
    "dj_actions.util": (
        *("ACTION_TYPE", "STATUS", "enrich_actions", "get_action_docs", "get_action_form"),
    ),
}
"""Public module → its names."""


def is_public(path: str) -> bool:
    """Whether a dotted path is a public module, one of its names, or an attribute of one."""
    if path in PUBLIC:
        return True
    parts = path.split(".")
    prefixes = [(".".join(parts[:end]), parts[end]) for end in range(1, len(parts))]
    return any(name in PUBLIC.get(module, ()) for module, name in prefixes)
