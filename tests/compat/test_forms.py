"""The contract between an action and its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dj_actions_stream.activities.conversion import activity_of
from dj_actions_stream.mapping.message_mapping import MessageMapping
from django import forms
from django.contrib.auth.models import Group, User
from django.shortcuts import get_object_or_404
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.test import APIClient

from dj_actions.exceptions import InvalidAction
from dj_actions.forms.mixins import ActionFormMixin
from dj_actions.messages import Message
from dj_actions.models import ActionEvent, Delivery
from dj_actions.relay.delivering.messages import message_of
from tests.compat.accounts.forms import ReachOutForm
from tests.compat.accounts.serializers import ContactSerializer
from tests.compat.calls import ANN, BOB
from tests.compat.conftest import Offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def _published(settings: Settings) -> None:
    """Let a publisher hear of the actions."""
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            "feeds": {
                "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
                "ROUTES": ["thing.*"],
            }
        }
    }


def message() -> Message:
    """Return the one message of the action's delivery."""
    Delivery.objects.update(state="pending", lease_token=None, lease_expires_at=None)
    (claimed,) = Delivery.objects.claim("feeds", limit=1, lease=60)
    return message_of(claimed)


def activity() -> dict[str, Any]:
    """Return the one activity that the message becomes."""
    (effect,) = MessageMapping(alias="feeds").effects(message())
    return activity_of(effect) | {"to": list(map(str, effect.to))}


# save(request, pk)


class TellingForm(forms.Form):
    """Returns what it was called with."""

    def save(self, *arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        request, pk = arguments
        told = {"pk": pk, "user": request.user.username, "kind": isinstance(request, Request)}
        return {}, told | {"data": request.data}


def test_save_is_given_the_request_and_the_key(client: APIClient, offer: Offer) -> None:
    response = client.post(offer(TellingForm, serializer=False), {"some": "data"}, format="json")

    assert response.json() == {
        "pk": str(ANN),
        "user": "ann",
        "kind": True,
        "data": {"some": "data"},
    }


def test_save_of_a_bulk_action_is_given_no_key(client: APIClient, offer: Offer) -> None:
    url = offer(TellingForm, bulk=True, serializer=False, multiple_results=False)

    assert client.post(url).json()["pk"] is None


class ReturningForm(forms.Form):
    """Returns what the test wants."""

    returns: Callable[[], Any]

    def save(self, request: Any, pk: Any = None) -> Any:
        return type(self).returns()


Returning = Callable[[Callable[[], Any]], type[forms.Form]]


@pytest.fixture
def returning() -> Returning:
    """Return a function that makes a form return something, and returns the form."""

    def returning(what: Callable[[], Any]) -> type[forms.Form]:
        ReturningForm.returns = staticmethod(what)
        return ReturningForm

    return returning


@pytest.mark.parametrize(
    "many",
    [
        lambda: list(User.objects.order_by("pk")),
        lambda: tuple(User.objects.order_by("pk")),
        lambda: User.objects.order_by("pk"),
        lambda: User.objects,
        lambda: (user for user in User.objects.order_by("pk")),
        lambda: User.objects.in_bulk().values(),
    ],
    ids=["list", "tuple", "queryset", "manager", "generator", "values of a dict"],
)
@pytest.mark.parametrize("bulk", [True, False])
def test_many_results_may_be_anything_to_go_through(
    client: APIClient, offer: Offer, returning: Returning, many: Callable[[], Any], *, bulk: bool
) -> None:
    form = returning(lambda: ({"count": 2}, many()))
    response = client.post(offer(form, bulk=bulk, multiple_results=True))

    assert response.status_code == 200
    assert response.json()["meta"] == {"count": 2}
    assert sorted(entry["username"] for entry in response.json()["results"]) == ["ann", "bob"]


class CountSerializer(serializers.Serializer[Any]):
    """Returns one value about many objects."""

    count = serializers.SerializerMethodField()

    def get_count(self, many: Any) -> int:
        return len(many)


@pytest.mark.parametrize("bulk", [True, False])
def test_without_multiple_results_a_serializer_is_given_the_result_as_it_is(
    client: APIClient, offer: Offer, returning: Returning, *, bulk: bool
) -> None:
    form = returning(lambda: ({}, list(User.objects.all())))
    path = f"{__name__}.CountSerializer"
    response = client.post(offer(form, bulk=bulk, serializer=path, multiple_results=False))

    assert response.json() == {"count": 2}


@pytest.mark.parametrize("pair", [list, tuple])
def test_meta_and_result_may_be_a_list(
    client: APIClient, offer: Offer, returning: Returning, pair: type[Any]
) -> None:
    form = returning(lambda: pair([{"told": 1}, {"done": True}]))

    assert client.post(offer(form, serializer=False)).json() == {"told": 1, "done": True}


def test_meta_may_be_left_out(client: APIClient, offer: Offer, returning: Returning) -> None:
    form = returning(lambda: (None, {"done": True}))

    assert client.post(offer(form, serializer=False)).json() == {"done": True}


def test_meta_may_hold_what_json_does_not_know(
    client: APIClient, offer: Offer, returning: Returning
) -> None:
    form = returning(lambda: ({"who": User.objects.get(pk=BOB), "names": {"x"}}, {}))

    assert client.post(offer(form, serializer=False)).json() == {"who": BOB, "names": ["x"]}


@pytest.mark.parametrize("returned", [None, {}, "ok", ({},), ({}, {}, {}), ("meta", {})])
def test_what_is_not_meta_and_result_is_reported_to_the_developer(
    offer: Offer, caller: User, returning: Returning, returned: Any
) -> None:
    client = APIClient()
    client.force_authenticate(caller)

    with pytest.raises(InvalidAction, match=r"ReturningForm\.save\(\) returned .*\(meta, result\)"):
        client.post(offer(returning(lambda: returned), serializer=False))


def test_a_bulk_action_without_a_result_has_no_results(
    client: APIClient, offer: Offer, returning: Returning
) -> None:
    form = returning(lambda: ({"count": 3}, None))

    assert client.post(offer(form, bulk=True)).json() == {"meta": {"count": 3}, "results": []}


class RefusingForm(forms.Form):
    """Refuses, after it has written."""

    because = forms.CharField()

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        User.objects.filter(pk=pk).update(first_name="Changed")
        if self.cleaned_data["because"] == "forbidden":
            raise PermissionDenied("Not you.")
        return {}, get_object_or_404(User, pk=0)


@pytest.mark.parametrize(("because", "status"), [("forbidden", 403), ("missing", 404)])
def test_what_save_raises_is_answered_and_nothing_is_changed(
    client: APIClient, offer: Offer, because: str, status: int
) -> None:
    response = client.post(offer(RefusingForm), {"because": because})

    assert response.status_code == status
    assert User.objects.get(pk=ANN).first_name == "Ann"
    assert ActionEvent.objects.get().status_code == status


class RowForm(forms.Form):
    """Changes the row, not the object that it is shown, and returns nothing."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], None]:
        User.objects.filter(pk=pk).update(first_name="Changed")
        return {}, None

    def get_stream_message(self, instance: User) -> str:
        return f"It is {instance.first_name}"


def test_without_a_result_the_object_is_answered_as_it_is_now(
    client: APIClient, offer: Offer
) -> None:
    response = client.post(offer(RowForm))

    assert response.json()["first_name"] == "Changed"


def test_without_a_result_the_message_is_about_the_object_as_it_is_now(
    client: APIClient, offer: Offer
) -> None:
    client.post(offer(RowForm))

    assert ActionEvent.objects.get().summary == "It is Changed"


class DeletingForm(forms.Form):
    """Deletes the object."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        deleted, _ = User.objects.filter(pk=pk).delete()
        return {"deleted": deleted}, {}

    def get_stream_message(self, instance: User) -> str:
        return f"deleted {instance.username} ({instance.pk})"


def test_a_form_may_delete_its_object(client: APIClient, offer: Offer) -> None:
    response = client.post(offer(DeletingForm, serializer=False))

    assert response.json() == {"deleted": 1}
    assert ActionEvent.objects.get().object_id == str(ANN)
    assert ActionEvent.objects.get().summary == f"deleted ann ({ANN})"


# get_form(view, request, pk, instance=None)


def made(form: type[forms.Form], *arguments: Any, **named: Any) -> Any:
    """Return a form that returns what it was made for."""
    view, request, pk = arguments
    instance = named.pop("instance")
    assert not named
    bound = form(request.data)
    bound.told = {  # type: ignore[attr-defined]  # a note for save()
        "view": view.basename,
        "pk": pk,
        "instance": instance and instance.username,
    }
    return bound


class MadeForm(forms.Form):
    """Is made by a `get_form`."""

    told: dict[str, Any]

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, self.told


class ByClassMethod(MadeForm):
    """As a class method."""

    @classmethod
    def get_form(cls, *arguments: Any, **named: Any) -> Any:
        return made(cls, *arguments, **named)


class ByStaticMethod(MadeForm):
    """As a static method."""

    @staticmethod
    def get_form(*arguments: Any, **named: Any) -> Any:
        return made(ByStaticMethod, *arguments, **named)


class ByPlainFunction(MadeForm):
    """As a function that is never called on an instance."""

    def get_form(*arguments: Any, **named: Any) -> Any:
        return made(ByPlainFunction, *arguments, **named)


@pytest.mark.parametrize("form", [ByClassMethod, ByStaticMethod, ByPlainFunction])
def test_a_form_may_say_how_it_is_made(
    client: APIClient, offer: Offer, form: type[forms.Form]
) -> None:
    response = client.post(offer(form, serializer=False))

    assert response.json() == {"view": "thing", "pk": str(ANN), "instance": "ann"}


def test_the_form_of_a_bulk_action_is_made_for_no_instance(client: APIClient, offer: Offer) -> None:
    url = offer(ByClassMethod, bulk=True, serializer=False, multiple_results=False)

    assert client.post(url).json() == {"view": "thing", "pk": None, "instance": None}


class DemandingForm(forms.Form):
    """Cannot be made without knowing who asks."""

    note = forms.CharField()

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.user = user

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> DemandingForm:
        return cls(request.data, user=request.user)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"by": self.user.username}


def test_a_form_may_need_more_than_its_data(client: APIClient, offer: Offer) -> None:
    url = offer(DemandingForm, serializer=False)

    assert client.post(url, {"note": "n"}).json() == {"by": "ann"}
    assert client.post(url, {}).json() == {"note": ["This field is required."]}
    assert [entry["name"] for entry in client.get(url).json()["fields"]] == ["note"]


class RenamingModelForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A form of the model itself."""

    class Meta:
        model = User
        fields = ["first_name", "groups"]

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> Any:
        return cls(request.data, instance=instance)

    def save(self, request: Any, pk: Any = None) -> Any:  # type: ignore[override]  # the contract
        return {"who": request.user.username}, super().save()


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_a_model_form_changes_its_instance(client: APIClient, offer: Offer, kind: str) -> None:
    groups = [Group.objects.create(name=name).pk for name in ("one", "two")]
    url = offer(RenamingModelForm)
    response = client.post(url, {"first_name": "Anna", "groups": groups}, format=kind)
    account = User.objects.get(pk=ANN)

    assert (response.json()["first_name"], response.json()["who"]) == ("Anna", "ann")
    assert (account.first_name, {group.pk for group in account.groups.all()}) == (
        "Anna",
        set(groups),
    )
    assert ActionEvent.objects.get().request_data == {"first_name": "Anna", "groups": groups}


# What publishers receive


class MessageForm(forms.Form):
    """Has a message about what it acted on."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        return {}, User.objects.get(pk=pk) if pk else User.objects.order_by("username")

    def get_stream_message(self, instance: User) -> str:
        return f"poked {instance.username}"


@pytest.mark.usefixtures("_published")
def test_the_stream_message_is_that_of_the_activity(client: APIClient, offer: Offer) -> None:
    client.post(offer(MessageForm))

    assert ActionEvent.objects.get().summary == "poked ann"
    assert activity()["summary"] == "poked ann"
    assert (activity()["verb"], activity()["object"]) == ("poke", f"thing:{ANN}")


@pytest.mark.usefixtures("_published")
def test_the_stream_message_of_many_is_about_the_first(client: APIClient, offer: Offer) -> None:
    client.post(offer(MessageForm, bulk=True))

    assert activity()["summary"] == "poked ann and 1 more"
    assert activity()["object_ids"] == [str(ANN), str(BOB)]


class NobodyForm(MessageForm):
    """Finds nothing to act on."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        return {}, User.objects.none()


def test_a_bulk_action_on_nothing_has_no_message(client: APIClient, offer: Offer) -> None:
    response = client.post(offer(NobodyForm, bulk=True))

    assert response.json() == {"meta": {}, "results": []}
    assert ActionEvent.objects.get().summary == ""


class PostProcessingForm(ActionFormMixin, MessageForm):
    """Emits to publishers itself."""

    action_id = "thing:poke"

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        account = User.objects.get(pk=pk)
        self.post_process(f"user:{BOB}", request, account, ContactSerializer, "was told")
        return {}, account


@pytest.mark.usefixtures("_published")
def test_post_process_sets_the_message_for_publishers(client: APIClient, offer: Offer) -> None:
    client.post(offer(PostProcessingForm))

    assert activity()["summary"] == "was told"
    assert activity()["to"] == [f"user:{BOB}"]
    context = {"username": "ann", "email": "ann@example.com"}
    assert message().extra == {"context": context}


class NamelessForm(PostProcessingForm):
    """Does not say which action it is."""

    action_id = None  # type: ignore[assignment]  # what is wrong with it


def test_post_process_needs_the_action_id(offer: Offer, caller: User) -> None:
    client = APIClient()
    client.force_authenticate(caller)

    with pytest.raises(InvalidAction, match="NamelessForm does not say its action_id"):
        client.post(offer(NamelessForm))


def test_post_process_is_silent_where_no_action_runs(caller: User) -> None:
    # As in a test of the form alone.
    form = ReachOutForm({"message": "Hello"}, account=caller)
    form.made_for = {}
    assert form.is_valid()

    assert form.save(None, caller.pk) == ({}, caller)


class EmittingForm(ActionFormMixin, forms.Form):
    """Says more than a message."""

    action_id = "thing:poke"

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], None]:
        assert self.context
        self.context.emit(summary=f"{self.context.actor} poked {self.context.object}")
        return {}, None


def test_a_form_sees_the_context_of_its_action(client: APIClient, offer: Offer) -> None:
    client.post(offer(EmittingForm))

    assert ActionEvent.objects.get().summary == "ann poked ann"
