"""The admin pages: read-only, except for the operations on deliveries."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from dj_actions.admin import link_to_receipt
from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.admin.read_only import links_to_parts
from dj_actions.models import ActionEvent, Delivery
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import MakeSent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

EVENTS = "/admin/dj_actions/actionevent/"
DELIVERIES = "/admin/dj_actions/delivery/"
HOSTILE = "<script>alert('x')</script>\"'&{{ 7 }}"
ERROR = {"at": "2026-01-02T00:00:00+00:00", "attempt": 1, "kind": "rejected", "message": HOSTILE}
DEAD = {**POSSIBLE["dead"], "errors": [ERROR]}


@pytest.fixture
def of_all_states(make_delivery: MakeDelivery) -> list[int]:
    """Deliveries that are pending, sending, delivered, dead and cancelled."""
    names = ("pending", "sending", "delivered", "dead", "cancelled")
    return [make_delivery(**POSSIBLE[name]).pk for name in names]


def states() -> list[str]:
    return [entry.state for entry in Delivery.objects.order_by("pk")]


def operate(browser: Client, action: str, keys: list[int]) -> Any:
    """Submit the confirmation page with a reason."""
    chosen = {"action": action, "_selected_action": keys}
    return browser.post(DELIVERIES, chosen | {"reason": "as planned", CONFIRMED: "Run"})


def said(response: Any) -> list[tuple[str, str]]:
    return [(entry.level_tag, str(entry)) for entry in get_messages(response.wsgi_request)]


# Pages


def pages(delivery: Delivery) -> list[str]:
    return [
        EVENTS,
        f"{EVENTS}{delivery.event_id}/change/",
        DELIVERIES,
        f"{DELIVERIES}{delivery.pk}/change/",
    ]


@pytest.mark.parametrize("name", [*POSSIBLE])
def test_pages_show_deliveries_in_any_state(
    browser: Client, make_delivery: MakeDelivery, name: str
) -> None:
    for url in pages(make_delivery(**POSSIBLE[name] | {"errors": []})):
        assert browser.get(url).status_code == 200


def test_pages_show_a_dead_letter_with_its_reason(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(**DEAD | {"errors": [ERROR | {"message": "no such DAG"}]})

    assert "rejected: no such DAG" in browser.get(DELIVERIES).content.decode()
    page = browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    assert "no such DAG" in page
    assert "memory: dead" in browser.get(EVENTS).content.decode()


def test_the_page_of_a_delivery_shows_its_attempts(browser: Client, make_sent: MakeSent) -> None:
    failed = ERROR | {"status": 503, "seconds": 0.25, "counted": False, "relay": "web-7:4711"}
    delivery = make_sent(errors=[failed])
    page = browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()

    for text in ("rejected, not counted", "503", "0.250 s", "web-7:4711", "0.100 s", "web-1:4711"):
        assert f"<td>{text}</td>" in page


def test_a_delivery_links_to_its_event(browser: Client, make_delivery: MakeDelivery) -> None:
    event = make_delivery().event
    url = reverse("admin:dj_actions_actionevent_change", args=[event.pk])

    assert f'href="{url}"' in browser.get(DELIVERIES).content.decode()
    assert browser.get(url).status_code == 200


def test_hostile_text_is_escaped_everywhere(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    texts = dict.fromkeys(("resource", "action", "object_id", "actor_label", "summary"), HOSTILE)
    event = make_event(
        **texts,
        object_ids=[HOSTILE],
        request_data={HOSTILE: HOSTILE},
        response_data=HOSTILE,
        extra={"x": HOSTILE},
        recipients=[HOSTILE],
    )
    url = f"https://x/{HOSTILE}"
    receipt = {"receipt_id": HOSTILE, "receipt_scope": HOSTILE, "receipt_url": url}
    dead = make_delivery(event=event, publisher=HOSTILE, **DEAD)
    delivered = make_delivery(
        event=event, publisher="other", **POSSIBLE["running"] | receipt, remote_detail=HOSTILE
    )

    for url in {*pages(dead), *pages(delivered)}:
        page = browser.get(url).content.decode()
        assert "<script>alert" not in page
        assert "alert(&#x27;x&#x27;)" in page


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil",
        "ftp://x",
        "http:/x",
        "",
    ],
)
def test_a_receipt_without_a_web_address_is_not_linked(
    browser: Client, make_delivery: MakeDelivery, url: str
) -> None:
    delivery = make_delivery(**POSSIBLE["delivered"] | {"receipt_id": "run-1", "receipt_url": url})

    assert link_to_receipt(delivery) == "run-1"
    for page in pages(delivery):
        links = re.findall(r'href="([^"]*)"', browser.get(page).content.decode())
        assert not [link for link in links if "alert" in link or "evil" in link]


def test_a_receipt_is_linked_to_its_page(make_delivery: MakeDelivery) -> None:
    fields = {"receipt_id": "run-1", "receipt_url": "https://airflow/dags?a=1&b=2"}
    delivery = make_delivery(**POSSIBLE["delivered"] | fields)

    assert link_to_receipt(delivery) == '<a href="https://airflow/dags?a=1&amp;b=2">run-1</a>'


def test_each_of_several_results_is_linked(browser: Client, make_delivery: MakeDelivery) -> None:
    parts = [
        {"id": "run-1", "scope": "a", "url": "https://x/1"},
        {"id": HOSTILE, "scope": HOSTILE, "url": "javascript:alert(1)"},
    ]
    fields = {"receipt_id": "run-1", "receipt_url": "https://x/1", "receipt_parts": parts}
    delivery = make_delivery(**POSSIBLE["delivered"] | fields)

    assert link_to_receipt(delivery) == '<a href="https://x/1">run-1</a> (+1)'
    assert links_to_parts(delivery).startswith('a <a href="https://x/1">run-1</a><br>&lt;')
    for page in pages(delivery):
        text = browser.get(page).content.decode()
        assert "<script>alert" not in text
        assert 'href="javascript' not in text


def test_without_a_receipt_there_is_a_dash(make_delivery: MakeDelivery) -> None:
    assert link_to_receipt(make_delivery()) == "-"


@pytest.mark.parametrize("url", [EVENTS, DELIVERIES])
@pytest.mark.parametrize(
    "query",
    ["q=ann", "q=7", "q=%00", "q=" + "9" * 30, "q=0190a000-0000-7000-8000-000000000000", "q=a+b"],
)
def test_anything_can_be_searched_for(
    browser: Client, make_delivery: MakeDelivery, url: str, query: str
) -> None:
    make_delivery()

    assert browser.get(f"{url}?{query}").status_code == 200


def test_events_are_found_by_their_id(browser: Client, make_delivery: MakeDelivery) -> None:
    event, other = make_delivery().event, make_delivery().event
    for url in (EVENTS, DELIVERIES):
        page = browser.get(f"{url}?q={event.pk}").content.decode()

        assert str(event.pk) in page
        assert str(other.pk) not in page


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (EVENTS, "resource=todo&action=mark_done"),
        (EVENTS, "deliveries__state=dead&deliveries__publisher=memory"),
        (EVENTS, "created_at__year=2026"),
        (DELIVERIES, "state=dead&publisher=memory&remote_state=untracked"),
        (DELIVERIES, "event__resource=todo&event__action=mark_done"),
    ],
)
def test_lists_can_be_narrowed(
    browser: Client, make_delivery: MakeDelivery, url: str, query: str
) -> None:
    make_delivery(**DEAD)
    response = browser.get(f"{url}?{query}")

    assert response.status_code == 200
    assert "e=1" not in response.headers.get("Location", "")


def test_an_event_with_many_matching_deliveries_is_listed_once(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    event = make_delivery(**DEAD).event
    make_delivery(event=event, publisher="other", **DEAD)
    response = browser.get(f"{EVENTS}?deliveries__state=dead")

    assert response.context["cl"].result_count == 1


@pytest.mark.parametrize("url", [EVENTS, DELIVERIES])
def test_the_number_of_queries_does_not_grow_with_the_list(
    browser: Client, make_delivery: MakeDelivery, django_assert_max_num_queries: Any, url: str
) -> None:
    for _ in range(20):
        make_delivery(**DEAD)

    with django_assert_max_num_queries(15):
        browser.get(url)


# Read-only


@pytest.mark.parametrize("url", [EVENTS, DELIVERIES])
def test_nothing_can_be_added(browser: Client, url: str) -> None:
    assert browser.get(f"{url}add/").status_code == 403
    assert browser.post(f"{url}add/", {}).status_code == 403
    assert f"{url}add/" not in browser.get(url).content.decode()


def test_nothing_can_be_changed(browser: Client, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    before = [list(ActionEvent.objects.values()), list(Delivery.objects.values())]
    for url in pages(delivery)[1::2]:
        assert browser.post(url, {"summary": "x", "state": "dead"}).status_code == 403

    assert [list(ActionEvent.objects.values()), list(Delivery.objects.values())] == before


def test_nothing_can_be_deleted(browser: Client, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    for url in pages(delivery)[1::2]:
        assert browser.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    operate(browser, "delete_selected", [delivery.pk])

    assert Delivery.objects.get() == delivery


@pytest.mark.parametrize(
    ("options", "text"), [({"room": "attic"}, "&quot;room&quot;: &quot;attic&quot;"), ({}, "{}")]
)
def test_the_recorded_options_of_the_route_are_shown(
    browser: Client, make_delivery: MakeDelivery, options: dict[str, str], text: str
) -> None:
    delivery = make_delivery(options=options)
    page = browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()

    assert "Options of the route" in page
    assert text in page


def test_pages_have_no_fields_to_fill(browser: Client, make_delivery: MakeDelivery) -> None:
    for url in pages(make_delivery(**DEAD))[1::2]:
        page = browser.get(url).content.decode()

        assert 'name="_save"' not in page
        assert "<textarea" not in page


# Retry, cancel, replay


@pytest.mark.parametrize(
    ("action", "after", "message"),
    [
        (
            "retry",
            ["pending", "sending", "delivered", "dead", "cancelled"],
            "1 delivery changed. 4 skipped: not pending.",
        ),
        (
            "cancel",
            ["cancelled", "sending", "delivered", "dead", "cancelled"],
            "1 delivery changed. 4 skipped: not pending.",
        ),
        (
            "replay",
            ["pending", "sending", "delivered", "pending", "cancelled"],
            "1 delivery changed. 4 skipped: not dead.",
        ),
    ],
)
def test_an_operation_changes_only_deliveries_in_the_required_state(
    browser: Client, of_all_states: list[int], action: str, after: list[str], message: str
) -> None:
    response = operate(browser, action, of_all_states)

    assert states() == after
    assert said(response) == [("warning", message)]


@pytest.mark.parametrize(
    ("action", "name", "after"),
    [
        ("retry", "pending", "pending"),
        ("cancel", "pending", "cancelled"),
        ("replay", "dead", "pending"),
    ],
)
def test_an_operation_on_deliveries_in_the_required_state_succeeds(
    browser: Client, make_delivery: MakeDelivery, action: str, name: str, after: str
) -> None:
    keys = [make_delivery(**POSSIBLE[name]).pk for _ in range(2)]
    response = operate(browser, action, keys)

    assert states() == [after] * 2
    assert said(response) == [("success", "2 deliveries changed.")]


@pytest.mark.parametrize(
    ("name", "after"), [("pending", "pending"), ("dead", "dead"), ("sending", "sending")]
)
def test_a_delivery_that_was_not_selected_is_unchanged(
    browser: Client, make_delivery: MakeDelivery, name: str, after: str
) -> None:
    make_delivery(**POSSIBLE[name])
    for action in ("retry", "cancel", "replay"):
        operate(browser, action, [make_delivery(**POSSIBLE["cancelled"]).pk])

    assert states()[0] == after


def test_operations_work_on_a_narrowed_list(browser: Client, make_delivery: MakeDelivery) -> None:
    dead = make_delivery(**DEAD)
    browser.post(
        f"{DELIVERIES}?state=dead&event__resource=todo&q={dead.event_id}",
        {"action": "replay", "_selected_action": [dead.pk], "reason": "x", CONFIRMED: "Run"},
    )

    assert states() == ["pending"]


@pytest.mark.parametrize("codenames", [[], ["view_delivery"]])
def test_without_the_change_permission_no_operation_runs(
    browser_of: Any, of_all_states: list[int], codenames: list[str]
) -> None:
    before = states()
    browser = browser_of(*codenames)
    for action in ("retry", "cancel", "replay"):
        operate(browser, action, of_all_states)

    assert states() == before


def test_without_the_change_permission_no_operation_is_offered(
    browser_of: Any, of_all_states: list[int]
) -> None:
    page = browser_of("view_delivery").get(DELIVERIES).content.decode()

    assert not re.findall(r'value="(retry|cancel|replay)"', page)


def test_with_the_change_permission_operations_run(
    browser_of: Any, make_delivery: MakeDelivery
) -> None:
    dead = make_delivery(**DEAD)
    browser = browser_of("view_delivery", "change_delivery")
    page = browser.get(DELIVERIES).content.decode()
    operate(browser, "replay", [dead.pk])

    assert re.findall(r'value="(retry|cancel|replay)"', page) == ["retry", "cancel", "replay"]
    assert states() == ["pending"]


@pytest.mark.parametrize("url", [EVENTS, DELIVERIES])
def test_without_permissions_nothing_is_visible(client: Client, browser_of: Any, url: str) -> None:
    assert client.get(url).status_code == 302
    assert browser_of().get(url).status_code == 403


def test_a_page_links_the_chain_of_an_event(browser: Client, make_event: MakeEvent) -> None:
    first = make_event(summary="the first")
    second = make_event(summary="the second", parent=first, root=first.pk, depth=1)
    lost = make_event(parent_id=uuid4(), root=uuid4(), depth=1)
    page = browser.get(f"{EVENTS}{second.pk}/change/").content.decode()

    assert f'<a href="{EVENTS}{first.pk}/change/">{first.pk}</a>' in page
    assert f'<a href="{EVENTS}?q={first.pk}">{first.pk}</a>' in page
    chain = browser.get(f"{EVENTS}?q={first.pk}").content.decode()
    assert "the first" in chain
    assert "the second" in chain
    assert str(lost.pk) not in chain
    assert str(lost.parent_id) in browser.get(f"{EVENTS}{lost.pk}/change/").content.decode()


def test_a_failed_run_is_shown_with_its_reason(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    failure = {
        "task": "write_report",
        "exception": "ValueError: <b>",
        "log": ["the last", "<i>line</i>"],
        "try_number": 2,
        "url": "https://airflow/tasks/write_report",
    }
    history = [{"state": "failed", "detail": "<u>", "at": "2026-01-01T00:00:00+00:00"}]
    delivery = make_delivery(
        **POSSIBLE["succeeded"]
        | {"remote_state": "failed", "remote_history": history}
        | {"remote_report": {"failure": failure, "result": {"a": "<s>"}}}
    )
    *_, listed, page = (browser.get(url).content.decode() for url in pages(delivery))

    assert "write_report: ValueError: &lt;b&gt;" in listed
    assert 'href="https://airflow/tasks/write_report"' in page
    assert "(try 2)" in page
    assert "<pre>the last\n&lt;i&gt;line&lt;/i&gt;</pre>" in page
    assert "2026-01-01T00:00:00+00:00  failed  &lt;u&gt;" in page
    assert not [tag for tag in ("<b>", "<i>line", "<u>", "<s>") if tag in page]


def test_a_failed_run_without_a_reason_is_shown(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    failed = POSSIBLE["succeeded"] | {"remote_state": "failed", "remote_detail": "failed"}
    linked = {"failure": {"task": "x", "url": "javascript:alert(1)"}}

    for report in (None, linked):
        for url in pages(make_delivery(**failed, remote_report=report)):
            answer = browser.get(url)
            assert answer.status_code == 200
            assert 'href="javascript' not in answer.content.decode()
