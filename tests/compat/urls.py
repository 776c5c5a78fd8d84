"""URLs of a project that has moved over from dj-actions 0.0.7."""

from __future__ import annotations

from django.urls import include, path

from dj_actions import api
from tests.compat.accounts.views import router

urlpatterns = [
    path("", include(router.urls)),
    path("dj-actions/", include(api.router.urls)),
]
