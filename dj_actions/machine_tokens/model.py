"""The model of machine tokens."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dj_actions.machine_tokens.patterns import Pattern, names_action, unmatched
from dj_actions.machine_tokens.queries import MachineTokenQuerySet
from dj_actions.machine_tokens.secret import PREFIX_LENGTH

NAME_LENGTH = 100
"""Maximum length of a token's name, in characters."""


class MachineToken(models.Model):
    """A secret with which a machine, such as an Airflow DAG, calls some actions as a user.

    Only a hash of the secret is stored. The token changes only through the queries of
    `MachineTokenQuerySet`.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        # Without a constraint, as users may be in another schema or database.
        db_constraint=False,
        related_name="+",
        help_text=_("The user who acts."),
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(
        _("prefix"), max_length=PREFIX_LENGTH, help_text=_("Start of the secret.")
    )
    actions = models.JSONField(
        _("actions"), default=list, help_text=_("Patterns of the actions that it may call.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    created_by = models.CharField(
        _("created by"), max_length=255, blank=True, default="", db_default=""
    )
    expires_at = models.DateTimeField(_("expires"), null=True)
    last_used_at = models.DateTimeField(
        _("last used"), null=True, help_text=_("Written at most once a minute.")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = MachineTokenQuerySet.as_manager()

    is_expired: bool
    """Whether it has expired, by the database's clock; set by `with_state`, not stored."""

    is_recently_used: bool
    """Whether its last use need not be written again; set by `with_state`, not stored."""

    class Meta:
        verbose_name = _("machine token")
        verbose_name_plural = _("machine tokens")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        """Whether the token is `active`, `expired` or `revoked`; needs `with_state`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.is_expired else "active"

    def patterns(self) -> list[tuple[str, str | None]]:
        """Return the actions that it may call: resource and name, None for all of a resource."""
        found = map(Pattern.of, self.actions)
        return [(one.resource, None if one.is_whole_resource else one.action) for one in found]

    def unknown_patterns(self, known: Iterable[tuple[str, str]]) -> list[str]:
        """Return the patterns that name none of the known actions, by resource and name."""
        return unmatched(self.actions, known)

    def allows(self, resource: str, action: str) -> bool:
        """Return whether the token may call an action.

        Args:
            resource: the resource of the action, for example `todo`.
            action: its name, for example `mark_done`.
        """
        return names_action(self.actions, resource, action)
