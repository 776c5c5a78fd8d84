"""The part of a viewset that answers, and records, what an action could not do."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connections, router
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from dj_actions.execution.failure_records import Failed, record_failure
from dj_actions.models import ActionEvent
from dj_actions.rest.catalogue import CatalogueMixin
from dj_actions.rest.problems import ProblemRenderer, problem_of_answer, wants_problem
from dj_actions.rest.request import body_of, is_dry_run, traceparent_of
from dj_actions.rest.selection import SelectionMixin


class FailureMixin(CatalogueMixin, SelectionMixin):
    """Answers errors as DRF does, or as problem details, and keeps a record of them."""

    started = 0.0
    """When this request began, by the process's clock in seconds."""

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an error, and record that the action failed."""
        try:
            response = self._answer_error(exc)
        except Exception as error:
            # Now a fault of the server, which Django answers.
            self._record_failure(500, {"detail": type(error).__name__})
            raise
        self._record_failure(response.status_code, response.data)
        if wants_problem(self.request):
            response.data = problem_of_answer(
                exc, response.status_code, response.data, instance=self.request.path
            )
        return response

    def _answer_error(self, exc: Exception) -> Response:
        """Answer as DRF does, but give up no transaction around an action that has its own."""
        connection = connections[router.db_for_write(ActionEvent)]
        was_lost = connection.needs_rollback
        try:
            return super().handle_exception(exc)
        finally:
            if self.definition and connection.in_atomic_block:
                connection.set_rollback(was_lost)

    def _record_failure(self, status_code: int, body: Any) -> None:
        if not (self.definition and self.runs_action) or is_dry_run(self.request):
            return
        record_failure(
            self.definition,
            Failed(
                actor=user_of(self.request),
                object_ids=self._object_ids(),
                read_data=lambda: _sent(self.request),
                body=body,
                status_code=status_code,
                duration_ms=(time.perf_counter() - self.started) * 1000,
                traceparent=traceparent_of(self.request),
            ),
        )

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002 - DRF's own
    ) -> tuple[BaseRenderer, str]:
        """Let a client ask for nothing but problem details: what succeeds is answered as usual."""
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
        """Mark an error as problem details if its client asked for them."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(response, "exception", False) and wants_problem(request):
            response.accepted_renderer = ProblemRenderer()
            response.accepted_media_type = ProblemRenderer.media_type
        return response

    def _object_ids(self) -> tuple[str, ...]:
        if self.fetched is not None and self.fetched.pk is not None:
            return (str(self.fetched.pk),)
        key = self.kwargs.get(self.lookup_url_kwarg or self.lookup_field)
        return () if key is None else (str(key),)


def user_of(request: Request) -> Any:
    """Return who asks; None is for the system itself, which no request can be."""
    try:
        user: Any = request.user  # None where UNAUTHENTICATED_USER says so
    except Exception:  # noqa: BLE001 - whatever is wrong with the login has been answered already
        return AnonymousUser()
    return AnonymousUser() if user is None else user


def _sent(request: Request) -> Any:
    """Return the body of a request that was refused, perhaps for its very body."""
    try:
        return body_of(request)
    except Exception:  # noqa: BLE001 - whatever is wrong with it has been answered already
        return None
