"""The entry of the console in the index of Django's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse

from dj_actions.console.access import Verb, may
from dj_actions.console.models import ConsolePermissions

if TYPE_CHECKING:
    ConsoleAdminBase = admin.ModelAdmin[ConsolePermissions]
else:
    ConsoleAdminBase = admin.ModelAdmin


@admin.register(ConsolePermissions)
class ConsoleAdmin(ConsoleAdminBase):
    """A link to the console among the admin's models, for users who may see the console."""

    def get_urls(self) -> list[URLPattern]:
        """Return the only page: the one to which the index links."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [path("", self.admin_site.admin_view(self.changelist_view), name=name)]

    def changelist_view(
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, object] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Redirect to the console.

        Raises:
            Http404: the project's URLs do not include the console's.
        """
        try:
            return HttpResponseRedirect(reverse("dj_actions_console:overview"))
        except NoReverseMatch as error:
            raise Http404("The console is not in the URLs of the project.") from error

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may see the console."""
        return may(request.user, Verb.VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return whether the user may see the console."""
        return may(request.user, Verb.VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return False: there are no rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return False: there are no rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Return False: there are no rows."""
        return False
