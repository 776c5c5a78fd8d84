"""URLs of a site that is only a feeds server, with JSON error handlers."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

handler400 = "dj_actions_stream.server.protocol.handlers.bad_request"
handler403 = "dj_actions_stream.server.protocol.handlers.permission_denied"
handler404 = "dj_actions_stream.server.protocol.handlers.page_not_found"
handler500 = "dj_actions_stream.server.protocol.handlers.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="feeds_server:overview")),
    path("", include("dj_actions_stream.server.urls")),
]
