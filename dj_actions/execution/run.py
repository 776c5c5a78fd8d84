"""What is known about a run before it begins: decided once, carried through every step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Self

from dj_actions.conf import Settings, get_settings
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.call import ActionCall
from dj_actions.execution.database import database_for
from dj_actions.execution.idempotency import Idempotency
from dj_actions.execution.identity import CallerIdentity
from dj_actions.messages import Actor
from dj_actions.redaction import or_size, prepare_for_storage, remove_secrets, sensitive_values
from dj_actions.serialization import JsonData


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScope:
    """An action, its actor, and how records about them are written."""

    definition: ActionDefinition

    actor: Actor | None
    """Who acts; None for an anonymous user and for the system itself."""

    user: Any = field(repr=False)
    """The user who acts; None for the system itself."""

    auth: Any = field(repr=False)
    """What the authentication class has set as `request.auth`."""

    database: str
    """Alias of the database that holds the objects and the records."""

    settings: Settings

    sensitive: frozenset[str]
    """Names, in lower case, of the fields whose values no record may hold."""

    @classmethod
    def of(cls, definition: ActionDefinition, user: Any, auth: Any = None) -> RunScope:
        """Return the scope for an action and a caller.

        Args:
            definition: the action.
            user: the user who acts, or None for the system itself.
            auth: what the authentication class has set as `request.auth`.

        Raises:
            InvalidAction: the objects and the records are in different databases.
        """
        settings = get_settings()
        database = database_for(definition)
        return RunScope(
            definition=definition,
            actor=Actor.of(user),
            user=user,
            auth=auth,
            database=database,
            settings=settings,
            sensitive=sensitive_fields(definition),
        )

    @property
    def identity(self) -> CallerIdentity | None:
        """What distinguishes the caller from others; None for a client that nothing identifies."""
        return CallerIdentity.of(self.user, self.auth, using=self.database)

    def storable(self, plain: Any) -> Any:
        """Return plain JSON data redacted, or only its size if it is too large to store."""
        limit = self.settings.max_stored_bytes
        return prepare_for_storage(plain, sensitive=self.sensitive, limit=limit)

    def storable_json(self, data: JsonData) -> JsonData:
        """Return JSON data as `storable` does, with its text: encoded again only if it changed."""
        # The text has at least as many characters as the stored one has bytes: it is ASCII.
        if not self.sensitive and len(data.text) <= self.settings.max_stored_bytes:
            return data
        kept = self.storable(data.plain)
        return data if kept is data.plain else JsonData.of_plain(kept)

    def storable_errors(self, body: Any, data: Any) -> Any:
        """Return a response body as `storable` does, for errors, which may repeat their input.

        Args:
            body: the response body, as plain JSON.
            data: the input, as plain JSON.
        """
        kept = or_size(body, self.settings.max_stored_bytes)
        return self.storable(remove_secrets(kept, sensitive_values(data, self.sensitive)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of an action, from the call to the result."""

    call: ActionCall
    scope: RunScope

    idempotency: Idempotency | None
    """The caller's key for this call, if there is one."""

    started: float
    """When the run began, by `time.perf_counter()`."""

    @classmethod
    def of(cls, call: ActionCall) -> Self:
        """Prepare the run of a call.

        Raises:
            InvalidAction: the objects and the records are in different databases.
            rest_framework.exceptions.ValidationError: the idempotency key is malformed, or
                nothing identifies the caller.
        """
        started = time.perf_counter()
        scope, key = RunScope.of(call.definition, call.user, call.auth), call.idempotency_key
        return cls(
            call=call,
            scope=scope,
            idempotency=None if key is None else Idempotency.of(call, key, scope.identity),
            started=started,
        )

    @property
    def definition(self) -> ActionDefinition:
        """The action."""
        return self.call.definition

    @property
    def duration_ms(self) -> float:
        """Milliseconds since the run began."""
        return (time.perf_counter() - self.started) * 1000


def sensitive_fields(definition: ActionDefinition) -> frozenset[str]:
    """Return the names, in lower case, of the fields whose values must not be stored or shown."""
    declared = definition.sensitive | definition.input.sensitive_names()
    configured = get_settings().sensitive_fields
    if not declared:
        return frozenset(configured)
    sources = definition.input.source_names(declared)
    return frozenset(name.lower() for name in sources).union(configured)
