"""Admin page of machine tokens, with the operation revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.badges import badge
from dj_actions.admin.confirmation import reason_page, submitted_reason
from dj_actions.admin.read_only import Button, ReadOnly
from dj_actions.admin.times import time_column
from dj_actions.console.screens.status import Status, Tone
from dj_actions.exceptions import InvalidAction
from dj_actions.models import MachineToken
from dj_actions.operations import revoke_machine_token

if TYPE_CHECKING:
    MachineTokenAdminBase = admin.ModelAdmin[MachineToken]
else:
    MachineTokenAdminBase = admin.ModelAdmin


STATUS: Mapping[str, Status] = {
    "active": Status(word=_("active"), symbol="✓", tone=Tone.GOOD),
    "expired": Status(word=_("expired"), symbol="✗", tone=Tone.NEUTRAL),
    "revoked": Status(word=_("revoked"), symbol="✗", tone=Tone.BAD),
}


@admin.register(MachineToken)
class MachineTokenAdmin(ReadOnly, MachineTokenAdminBase):
    """Machine tokens without their secrets; `manage.py machine_token` creates them.

    They are not created here: the page with the secret would stay in the browser's history, and
    the message in a session.
    """

    list_display = (
        *("name", "prefix", "owner", "patterns", "status"),
        *("expires", "last_used", "created", "created_by"),
    )
    fields = readonly_fields = list_display
    list_select_related = ("owner",)
    search_fields = ("name", "=prefix")
    actions = ["revoke"]

    expires = time_column("expires_at", _("expires"))
    last_used = time_column("last_used_at", _("last used"))
    created = time_column("created_at", _("created"))

    def buttons(self, request: HttpRequest, obj: Any) -> Sequence[Button]:
        """Return revoke, if the user may run it and the token is not revoked."""
        if obj.revoked_at is not None or not self.has_operate_permission(request):
            return ()
        return [Button(name="revoke", label=_("Revoke"))]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MachineToken]:
        """Return the tokens with their states."""
        rows: QuerySet[MachineToken] = super().get_queryset(request).with_state()
        return rows

    @admin.display(description=_("actions"))
    def patterns(self, token: MachineToken) -> str:
        """Return the patterns of the actions that it may call."""
        return ", ".join(token.actions)

    @admin.display(description=_("state"))
    def status(self, token: MachineToken) -> SafeString:
        """Return whether it is active, marked."""
        return badge(STATUS[token.state])

    @admin.action(description=_("Revoke the selected machine tokens"), permissions=["operate"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[MachineToken]) -> HttpResponse | None:
        """Revoke tokens after asking for a reason."""
        reason = submitted_reason(request)
        if reason is None:
            return reason_page(self, request, queryset, title=_("Revoke machine tokens"))
        for prefix in queryset.values_list("prefix", flat=True):
            self._revoke(request, prefix, reason)
        return None

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has the model permission to change machine tokens."""
        return request.user.has_perm("dj_actions.change_machinetoken")

    def _revoke(self, request: HttpRequest, prefix: str, reason: str) -> None:
        try:
            result: Any = revoke_machine_token(prefix, actor=request.user, reason=reason)
        except InvalidAction as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        text, level = (
            (_("%s was revoked."), messages.SUCCESS)
            if result.count
            else (_("%s was revoked before."), messages.WARNING)
        )
        self.message_user(request, text % prefix, level)
