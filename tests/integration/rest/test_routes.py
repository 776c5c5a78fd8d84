"""Routes of viewsets that are served in unusual ways."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.urls import include, re_path
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.test import APIClient

from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import url_of
from tests.fixtures.forms import Route

pytestmark = pytest.mark.django_db


def addresses(listed: dict[str, Any], todo: Todo) -> list[str]:
    found = listed["instance_actions"] + listed["bulk_actions"]
    return [entry["url"].format(pk=todo.pk) for entry in found]


def test_the_list_names_addresses_that_work_under_a_prefix_with_parameters(
    api: APIClient, serve: Serve, route: Route, todo: Todo
) -> None:
    router = DefaultRouter()
    router.register("things", serve(), basename="thing")
    route(re_path(r"^(?P<version>v\d)/", include(router.urls)))
    response = api.get("/v1/things/actions/list/")

    assert (response.status_code, response.json()["basepath"]) == (200, "/v1/things/")
    urls = addresses(response.json(), todo)
    assert url_of(todo, "mark_done") in {url.removeprefix("/v1") for url in urls}
    assert {api.get(url).status_code for url in urls} == {200}


def test_the_list_of_a_router_without_slashes_names_its_place(
    api: APIClient, serve: Serve, route: Route, todo: Todo
) -> None:
    router = DefaultRouter(trailing_slash=False)
    router.register("things", serve(), basename="thing")
    route(*router.urls)
    listed = api.get("/things/actions/list").json()

    assert listed["basepath"].rstrip("/") == "/things"
    assert {api.get(url).status_code for url in addresses(listed, todo)} == {200}


class NestedRouter(DefaultRouter):
    """A router that extends another, as those of other packages do."""

    def get_routes(self, viewset: Any) -> Any:
        """Return the same routes."""
        return super().get_routes(viewset)


@pytest.mark.parametrize("converter", [None, "str", "int"])
@pytest.mark.parametrize("router_class", [DefaultRouter, SimpleRouter, NestedRouter])
def test_a_router_without_regular_expressions_serves_everything(
    api: APIClient, serve: Serve, route: Route, todo: Todo, router_class: Any, converter: Any
) -> None:
    router = router_class(use_regex_path=False)
    router.register("things", serve(lookup_value_converter=converter), basename="thing")
    route(re_path("", include(router.urls)))
    schema = api.get("/things/actions/mark_done/schema/")
    unknown = [api.post(f"/things/{part}actions/mark_don/") for part in ("", f"{todo.pk}/")]
    urls = addresses(api.get("/things/actions/list/").json(), todo)

    assert [message for message in run_checks() if message.id == "2_0.W001"] == []
    assert schema.json()["title"] == "Mark one todo as done."
    assert [answer.status_code for answer in unknown] == [404, 404]
    assert all("Did you mean 'mark_done'?" in answer.json()["detail"] for answer in unknown)
    assert {api.get(url).status_code for url in urls} == {200}
    assert api.post(f"/things/{todo.pk}/actions/mark_done/").status_code == 200


@pytest.mark.parametrize("regex", [True, False])
def test_a_viewset_may_be_served_by_both_kinds_of_routers(
    api: APIClient, serve: Serve, route: Route, regex: bool
) -> None:
    viewset = serve()
    for use_regex in (not regex, regex):
        router = DefaultRouter(use_regex_path=use_regex)
        router.register("things", viewset, basename="thing")
        route(re_path("", include(router.urls)))

        assert api.get("/things/actions/mark_done/schema/").status_code == 200


@pytest.mark.parametrize(
    "pattern", ["[0-9]+", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[a-z]+"]
)
def test_the_list_names_addresses_for_keys_of_any_pattern(
    api: APIClient, serve: Serve, pattern: str
) -> None:
    serve(lookup_value_regex=pattern)
    listed = api.get("/things/actions/list/").json()

    urls = {entry["id"]: entry["url"] for entry in listed["instance_actions"]}
    assert urls["mark_done"] == "/things/{pk}/actions/mark_done/"


def test_a_viewset_of_another_model_does_not_inherit_actions(
    api: APIClient, declare: Declare, serve: Serve, route: Route, todo: Todo
) -> None:
    declare(lambda *_: {}, output=False)
    child: Any = type("GroupViewSet", (serve(),), {"queryset": Group.objects.all()})
    router = DefaultRouter()
    router.register("groups", child, basename="group")
    route(*router.urls)
    group = Group.objects.create(name="editors")

    for url in (f"/groups/{group.pk}/actions/poke/", "/groups/actions/bulk_mark_done/"):
        assert api.post(url).status_code == 404
    listed = api.get("/groups/actions/list/").json()
    assert (listed["instance_actions"], listed["bulk_actions"]) == ([], [])


def test_an_action_of_a_viewset_without_a_serializer_is_described(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(lambda *_: {"ok": 1})
    serve(serializer_class=None)

    assert api.post(url_of(todo)).json() == {"ok": 1}
    assert api.get(url_of(todo)).status_code == 200
