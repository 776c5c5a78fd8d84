"""Call an action from code: what `Action.run`, the management command and the admin share."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import Model
from rest_framework.exceptions import NotFound

from dj_actions.context import Selection
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.call import ActionCall, ActionResult
from dj_actions.execution.chain import Parent, parents_of
from dj_actions.execution.error_reports import hiding_variables
from dj_actions.execution.execute import execute
from dj_actions.execution.failure_records import Failure, record_failure
from dj_actions.execution.locking import for_update
from dj_actions.execution.permissions import CodePermissions, require_active
from dj_actions.execution.problems import api_exception_for, error_body, status_code_for
from dj_actions.execution.rendering import is_declared_many, render
from dj_actions.execution.run import sensitive_fields
from dj_actions.identifiers import key_as_text, key_text


class RunOptions(TypedDict, total=False):
    """The keyword arguments of a call from code; see `Action.run`."""

    actor: Any
    object: Model | None
    objects: Sequence[Model] | None
    data: Mapping[str, Any] | None
    idempotency_key: str | None
    dry_run: bool
    parent: Parent | None


def invoke(
    definition: ActionDefinition, *, records_failure: bool = True, **options: Unpack[RunOptions]
) -> ActionResult:
    """Run an action from code: the same steps as over HTTP, the same record.

    There is no viewset, so a viewset's own permissions and queryset do not apply.

    Args:
        definition: the action.
        records_failure: whether to record a failure; False if the caller does that.
        options: as for `Action.run`.

    Raises:
        InvalidAction: the wrong one of `object` and `objects` was given, or `parent` is not an
            event.
        ChainTooLong: more events led to this call than MAX_CHAIN_DEPTH allows.
        rest_framework.exceptions.APIException: not found, not permitted, or invalid input.
    """
    run = hiding_variables(_invoke, sensitive_fields(definition))
    return run(definition, options, records_failure=records_failure)


def _invoke(
    definition: ActionDefinition, options: RunOptions, *, records_failure: bool
) -> ActionResult:
    started = time.perf_counter()
    one, user, data = options.get("object"), options.get("actor"), options.get("data")
    dry_run = options.get("dry_run", False)
    parent, parent_event = parents_of(options.get("parent"))
    given = _given_objects(definition, one, options.get("objects"))
    keys = tuple(key_text(entry) for entry in given)
    one_key = None if one is None else one.pk
    call = ActionCall(
        definition=definition,
        user=user,
        data={} if data is None else data,
        caller=CodeCaller(
            definition=definition, user=user, given=given, is_part=parent is not None
        ),
        target=",".join(keys),
        idempotency_key=options.get("idempotency_key"),
        dry_run=dry_run,
        parent=parent,
        parent_event=parent_event,
    )
    try:
        return execute(call)
    except Exception as error:
        # The parent records the failure of its parts; a dry run leaves nothing behind.
        if records_failure and parent is None and not dry_run:
            record_error(
                definition,
                error,
                user=user,
                keys=keys,
                data=data,
                started=started,
                parent_event=parent_event,
            )
        raise
    finally:
        if dry_run and one is not None:
            _restore(one, one_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCaller:
    """A call from code, with the objects it was given."""

    definition: ActionDefinition
    user: Any
    given: Sequence[Model]

    is_part: bool = False
    """Whether another action runs it, whose call has been admitted already."""

    def select(self, *, raises: bool) -> Sequence[Selection]:
        """Lock the objects, and check the action's permissions unless the system itself acts."""
        permissions = self._permissions()
        found = _lock(self.definition, self.given)
        keys = dict.fromkeys(entry.pk for entry in self.given)
        return [self._select(key, found.get(key), permissions, raises=raises) for key in keys]

    def render(self, value: Any) -> Any:
        """Render the result with the action's own output; there is no viewset."""
        definition = self.definition
        return render(value, definition.output, many=is_declared_many(definition))

    def _permissions(self) -> CodePermissions | None:
        """Return what the user may do; None for the system itself, which may do everything."""
        if self.user is None:
            return None
        if not self.is_part:
            require_active(self.user)
        permissions = CodePermissions.of(self.definition, self.user)
        if error := permissions.error_for():
            raise error
        return permissions

    def _select(
        self, key: Any, found: Model | None, permissions: CodePermissions | None, *, raises: bool
    ) -> Selection:
        error = self._error(key, found, permissions)
        if error and raises:
            raise error
        return Selection(key=key, object=found, error=error)

    def _error(
        self, key: Any, found: Model | None, permissions: CodePermissions | None
    ) -> Exception | None:
        if found is None:
            return NotFound(f"{self.definition.resource} {key_as_text(key)} does not exist.")
        if permissions is None:
            return None
        try:
            return permissions.error_for(found)
        except Exception as error:
            # As DRF documents, a permission raises Http404 to hide an object.
            if api_exception_for(error) is None:
                raise
            return error


def record_error(
    definition: ActionDefinition,
    error: Exception,
    *,
    user: Any,
    keys: Sequence[str],
    data: Any,
    started: float,
    parent_event: UUID | None = None,
) -> None:
    """Record that a call from code was refused or raised an error.

    Args:
        definition: the action.
        error: what was raised.
        user: the user who acts, or None for the system itself.
        keys: primary keys of the objects.
        data: the input.
        started: when the call began, by `time.perf_counter()`.
        parent_event: id of the event that led to the call, if any.
    """
    record_failure(
        definition,
        Failure(
            user=user,
            object_ids=keys,
            read_data=lambda: data,
            body=error_body(error),
            status_code=status_code_for(error),
            duration_ms=(time.perf_counter() - started) * 1000,
            parent_event=parent_event,
        ),
    )


def _restore(entry: Model, key: Any) -> None:
    """Refresh the caller's object: the changes made to it have been rolled back."""
    entry.pk = key
    with contextlib.suppress(ObjectDoesNotExist, DatabaseError):
        entry.refresh_from_db()


def _given_objects(
    definition: ActionDefinition, one: Model | None, many: Sequence[Model] | None
) -> Sequence[Model]:
    if not definition.requires_objects:
        if one is not None or many is not None:
            raise InvalidAction(
                f"{definition.label} selects its own objects. Leave out object and objects."
            )
        return ()
    given = many if definition.bulk else one
    if given is None or (one is not None and many is not None):
        name, other = ("objects=[…]", "object") if definition.bulk else ("object=…", "objects")
        raise InvalidAction(f"Call {definition.label} with {name}, and without {other}.")
    wanted = (given,) if isinstance(given, Model) else tuple(given)
    for entry in wanted:
        if not isinstance(entry, definition.model):
            raise InvalidAction(
                f"{definition.label} acts on {definition.model.__name__} objects, not on {entry!r}."
            )
    if len(wanted) > definition.max_items:
        raise InvalidAction(
            f"{definition.label} accepts at most {definition.max_items} objects, "
            f"not {len(wanted)}. Call it several times."
        )
    return wanted


def _lock(definition: ActionDefinition, given: Sequence[Model]) -> Mapping[Any, Model]:
    if not given:
        return {}
    if not definition.bulk:
        (one,) = given
        try:
            # By its own class, which may be a subclass of the action's model.
            one.refresh_from_db(from_queryset=for_update(type(one)._base_manager.all()))
        except ObjectDoesNotExist:
            return {}
        return {one.pk: one}
    keys = [entry.pk for entry in given]
    rows = definition.model._base_manager.all()
    return {entry.pk: entry for entry in for_update(rows.filter(pk__in=keys).order_by("pk"))}
