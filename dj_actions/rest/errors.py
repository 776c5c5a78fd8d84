"""The part of a viewset that handles errors of actions, and records them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connections, router
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.database import is_concurrent_change
from dj_actions.execution.failure_records import Failure, record_failure
from dj_actions.execution.problems import ConcurrentChange
from dj_actions.identifiers import key_text
from dj_actions.models import ActionEvent
from dj_actions.rest.body import body_of
from dj_actions.rest.catalogue import CatalogueMixin
from dj_actions.rest.problems import ProblemRenderer, problem_for_response, wants_problem
from dj_actions.rest.request import is_dry_run, parent_of_refused, traceparent_of
from dj_actions.rest.selection import SelectionMixin


class ErrorMixin(CatalogueMixin, SelectionMixin):
    """Returns errors as DRF does, or as problem details, and records failed actions."""

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response for an error, and record that the action failed."""
        if is_concurrent_change(exc):
            exc, cause = ConcurrentChange(), exc
            exc.__cause__ = cause
        try:
            response = self._error_response(exc)
        except Exception as error:
            # A server error, which Django handles.
            self._record_failure(500, {"detail": type(error).__name__})
            raise
        self._record_failure(response.status_code, response.data)
        if wants_problem(self.request):
            response.data = problem_for_response(
                exc, response.status_code, response.data, instance=self.request.path
            )
        return response

    def _error_response(self, exc: Exception) -> Response:
        """Return DRF's response, without its rollback of a transaction around the action."""
        connection = connections[router.db_for_write(ActionEvent)]
        needed_rollback = connection.needs_rollback
        try:
            return super().handle_exception(exc)
        finally:
            if self.definition and connection.in_atomic_block:
                connection.set_rollback(needed_rollback)

    def _record_failure(self, status_code: int, body: Any) -> None:
        if not (self.definition and self.runs_action) or is_dry_run(self.request):
            return
        record_failure(
            self.definition,
            Failure(
                user=user_of(self.request),
                auth=auth_of(self.request),
                object_ids=self._object_ids(),
                read_data=lambda: _data_of(self.request),
                body=body,
                status_code=status_code,
                duration_ms=self.request_state.duration_ms,
                traceparent=traceparent_of(self.request),
                parent_event=parent_of_refused(self.request),
            ),
        )

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002 - DRF's own
    ) -> tuple[BaseRenderer, str]:
        """Allow a client to accept only problem details; success is rendered as usual."""
        try:
            return super().perform_content_negotiation(request, force)
        except NotAcceptable:
            if not wants_problem(request):
                raise
        renderer = self.get_renderers()[0]
        return renderer, str(renderer.media_type)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Render an error as problem details if the client requested them."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(response, "exception", False) and wants_problem(request):
            response.accepted_renderer = ProblemRenderer()
            response.accepted_media_type = ProblemRenderer.media_type
        return response

    def _object_ids(self) -> tuple[str, ...]:
        fetched = self.request_state.fetched
        if fetched is not None and fetched.pk is not None:
            return (key_text(fetched),)
        key = self.kwargs.get(self.lookup_url_kwarg or self.lookup_field)
        return () if key is None else (str(key),)


def user_of(request: Request) -> Any:
    """Return the user; never None, which stands for the system itself."""
    try:
        user: Any = request.user  # None where UNAUTHENTICATED_USER is None
    except Exception:  # noqa: BLE001 - the failed authentication already has its response
        return AnonymousUser()
    return AnonymousUser() if user is None else user


def auth_of(request: Request) -> Any:
    """Return what the authentication class has set as `request.auth`; None if it has failed."""
    try:
        return request.auth
    except Exception:  # noqa: BLE001 - the failed authentication already has its response
        return None


def _data_of(request: Request) -> Any:
    """Return the body of a refused request; None if it cannot be parsed."""
    try:
        return body_of(request)
    except Exception:  # noqa: BLE001 - the parse error already has its response
        return None
