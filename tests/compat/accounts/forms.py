"""What the actions on accounts accept and do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet

from dj_actions.fields import CommaSeparatedCharField, JSONTextField
from dj_actions.forms.mixins import ActionFormMixin
from tests.compat.accounts.serializers import ContactSerializer

Saved = tuple[dict[str, Any], Any]


class AccountForm(ActionFormMixin, forms.Form):
    """What all forms of this app can do."""

    def get_object(self, pk: Any) -> User:
        return User.objects.get(pk=pk)


class RenameForm(AccountForm):
    """Give an account another name."""

    action_id = "account:rename"

    first_name = forms.CharField(max_length=20, help_text="Given name.")
    last_name = forms.CharField(max_length=20, required=False, help_text="Family name.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("first_name") and data.get("first_name") == data.get("last_name"):
            raise forms.ValidationError("The two names are the same.")
        return data

    def get_stream_message(self, instance: User) -> str:
        return f"renamed {instance.username} to {instance.get_full_name()}"

    def save(self, request: Any, pk: Any = None) -> Saved:
        account = self.get_object(pk)
        account.first_name = self.cleaned_data["first_name"]
        account.last_name = self.cleaned_data["last_name"]
        account.save()
        return ({}, account)


class DeactivateForm(AccountForm):
    """Close an account."""

    action_id = "account:deactivate"

    reason = forms.CharField(help_text="Why.")
    notify = forms.BooleanField(required=False)

    def get_stream_message(self, instance: User) -> str:
        return f"deactivated {instance.username}"

    def save(self, request: Any, pk: Any = None) -> Saved:
        account = self.get_object(pk)
        was_active = account.is_active
        account.is_active = False
        account.save()
        # The serializer has an email too: the meta data win over the result.
        meta = {"was_active": was_active, "by": request.user.username, "email": "hidden"}
        return (meta, account)


class GreetForm(AccountForm):
    """Answer with plain JSON."""

    action_id = "account:greet"

    options = JSONTextField(required=False)

    def save(self, request: Any, pk: Any = None) -> Saved:
        account = self.get_object(pk)
        return ({"mood": "kind"}, {"greeting": f"Hello {account.username}", "mood": "none"})


class ContactsForm(AccountForm):
    """Answer for one account with several."""

    action_id = "account:contacts"

    def save(self, request: Any, pk: Any = None) -> Saved:
        account = self.get_object(pk)
        others = User.objects.exclude(pk=account.pk).order_by("username")
        return ({"count": others.count()}, others)


class ReachOutForm(AccountForm):
    """Is made its own way, and emits to publishers itself."""

    action_id = "account:reach_out"

    message = forms.CharField(required=False)

    def __init__(self, data: Any = None, account: User | None = None) -> None:
        super().__init__(data)
        self.account = account

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> ReachOutForm:
        form = cls(request.data, account=instance)
        form.fields["message"].required = True
        form.made_for = {
            "view": type(view).__name__,
            "method": request.method,
            "pk": str(pk),
            "instance": instance.username,
        }
        return form

    made_for: dict[str, str]

    def save(self, request: Any, pk: Any = None) -> Saved:
        message = self.cleaned_data["message"]
        self.post_process(f"user:{pk}", request, self.account, ContactSerializer, message)
        return (self.made_for, self.account)


class BulkDeactivateForm(AccountForm):
    """Close several accounts."""

    action_id = "account:bulk_deactivate"

    usernames = CommaSeparatedCharField(dedup=False, help_text="Whose.")

    def get_stream_message(self, instance: User) -> str:
        return f"deactivated {instance.username}"

    def save(self, request: Any, pk: Any = None) -> Saved:
        names = self.cleaned_data["usernames"]
        accounts = User.objects.filter(username__in=names).order_by("username")
        count = accounts.update(is_active=False)
        return ({"count": count}, accounts)


class NamesakesForm(AccountForm):
    """Answer with a list of plain JSON."""

    action_id = "account:namesakes"

    first_name = forms.CharField()

    def save(self, request: Any, pk: Any = None) -> Saved:
        found: QuerySet[User] = User.objects.filter(first_name=self.cleaned_data["first_name"])
        names = [account.username for account in found.order_by("username")]
        return ({"count": len(names)}, names)


class CountAccountsForm(AccountForm):
    """A bulk action whose answer is one thing, as plain JSON."""

    action_id = "account:count_accounts"

    def save(self, request: Any, pk: Any = None) -> Saved:
        return ({"kind": "all"}, {"count": User.objects.count()})


class ElectForm(AccountForm):
    """A bulk action whose answer is one account."""

    action_id = "account:elect"

    def save(self, request: Any, pk: Any = None) -> Saved:
        elected = User.objects.order_by("username").first()
        return ({"elected": True}, elected)
