"""Whether anything has changed: asked every few seconds by each page that is open."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core import signing
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views import View

from dj_actions.models import Delivery

SALT = "dj_actions.console.live"

TOKEN_LIFETIME = 600
"""Seconds after which a page has to be fetched again, with its permissions checked again."""


class LiveView(View):
    """Answers with the version of what the pages show, and nothing of what they show.

    It takes a token in place of a session: idle pages then cost one statement for each question.
    """

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return 304 if nothing has changed since the version that the page has."""
        try:
            _signer().unsign(request.GET.get("token", ""), max_age=TOKEN_LIFETIME)
        except signing.BadSignature:
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        version = f'"{Delivery.objects.using(router.db_for_write(Delivery)).outbox_version()}"'
        is_same = request.headers.get("If-None-Match") == version
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED if is_same else HTTPStatus.OK)
        response["ETag"] = version
        response["Cache-Control"] = "no-store"
        return response


def poll_url(user: Any) -> str:
    """Return the URL at which the pages of a user ask."""
    token = _signer().sign(str(user.pk))
    return f"{reverse('dj_actions_console:live')}?token={token}"


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=SALT)
