"""What publishers offer to do with runs: asked for, previewed, run step by step, and recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.batches import STEP_SIZE
from dj_actions.publishers import DeliveryOperation, OperationOutcome, OperationStatus
from dj_actions.publishers.memory import MemoryPublisher
from tests.conftest import MakeDelivery, MakeUser
from tests.integration.console.conftest import BrowserOf
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("painters")]

RUNS = reverse("dj_actions_console:runs")
PAINT = reverse("dj_actions_console:run_act", args=["paint"])

FILLED = {"input-color": "red", "input-reason": "it was grey"}


class ColorForm(forms.Form):
    """What the operation asks for."""

    color = forms.CharField()


class Painter:
    """What the operation does, and what it was called with."""

    def __init__(self) -> None:
        self.status = OperationStatus.DONE
        self.error: Exception | None = None
        self.calls: list[tuple[list[int], Mapping[str, Any]]] = []
        self.was_in_transaction = False

    def run(
        self, deliveries: Any, /, *, actor: Any, data: Mapping[str, Any]
    ) -> Sequence[OperationOutcome]:
        keys = sorted(deliveries.values_list("pk", flat=True))
        self.calls.append((keys, data))
        self.was_in_transaction = connection.in_atomic_block
        if self.error:
            raise self.error
        return [self._outcome(key, self.status) for key in keys]

    def preview(
        self, deliveries: Any, /, *, actor: Any, data: Mapping[str, Any]
    ) -> Sequence[OperationOutcome]:
        if self.error:
            raise self.error
        planned = OperationStatus.PLANNED
        return [self._outcome(row.pk, planned, data["color"]) for row in deliveries.order_by("pk")]

    def _outcome(self, key: int, status: OperationStatus, color: str = "") -> OperationOutcome:
        text = f"<b>It would be {color}</b>" if color else "<b>painted</b>"
        return OperationOutcome(delivery=key, status=status, message=text, target=f"run-{key}")


painter = Painter()

OPERATION = DeliveryOperation(
    name="paint",
    title="Paint it",
    description="It gets a color.",
    permission="dj_actions.change_publisherstate",
    run=painter.run,
    preview=painter.preview,
    form=ColorForm,
    resource="painting",
    applies=lambda delivery: delivery.remote_state == "running",
    max_deliveries=3 * STEP_SIZE,
)


class PaintingPublisher(MemoryPublisher):
    """A publisher with an operation."""

    @classmethod
    def delivery_operations(cls) -> Sequence[DeliveryOperation]:
        """Return the operation."""
        return (OPERATION,)


@pytest.fixture
def painters(settings: Settings) -> Iterator[None]:
    """Configure a publisher with an operation, and one without."""
    painting = {"BACKEND": f"{__name__}.PaintingPublisher"}
    memory = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher"}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"one": painting, "memory": memory}}
    painter.__init__()  # type: ignore[misc]  # as it was
    yield
    painter.__init__()  # type: ignore[misc]


@pytest.fixture
def running(make_delivery: MakeDelivery) -> Delivery:
    """A delivery whose run has not ended."""
    return make_delivery(publisher="one", **POSSIBLE["running"])


def key_of(page: Any) -> str:
    """Return what identifies the form of a page."""
    return str(page.context["key"])


def run(browser: Client, *deliveries: Delivery, **fields: Any) -> Any:
    """Go the way of a person: select, ask what would happen, run; until it is at its end."""
    form: dict[str, Any] = {"selected": [row.pk for row in deliveries]}
    form |= {"key": key_of(browser.post(PAINT, form)), **FILLED}
    browser.post(PAINT, form | {"step": "preview"})
    return browser.post(PAINT, form | {"step": "run"} | fields)


def record() -> ActionEvent:
    """Return the event of the one operation that was run."""
    return ActionEvent.objects.get(resource="delivery", action="paint")


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_list_and_the_timeline_offer_it_where_it_applies(
    browser: Client, running: Delivery, make_delivery: MakeDelivery
) -> None:
    ended = make_delivery(publisher="one", **POSSIBLE["succeeded"])
    assert f'formaction="{PAINT}"' in browser.get(RUNS).content.decode()
    pages = [
        browser.get(reverse("dj_actions_console:event", args=[row.event_id])).content.decode()
        for row in (running, ended)
    ]
    assert [f'action="{PAINT}"' in page for page in pages] == [True, False]


def test_the_first_page_counts_what_it_applies_to_and_runs_nothing(
    browser: Client, running: Delivery, make_delivery: MakeDelivery
) -> None:
    parts = [{"id": str(number), "scope": "dag", "url": ""} for number in (1, 2)]
    Delivery.objects.filter(pk=running.pk).update(receipt_parts=parts)
    ended = make_delivery(publisher="one", **POSSIBLE["succeeded"])
    foreign = make_delivery(publisher="memory", **POSSIBLE["running"])
    selected = [running.pk, ended.pk, foreign.pk]
    page = browser.post(PAINT, {"selected": selected})

    assert "<strong>2 runs</strong> of 1 delivery. 2 others are left out" in words(page)
    assert 'value="preview"' in page.content.decode()
    assert 'value="run"' not in page.content.decode()
    assert (painter.calls, ActionEvent.objects.filter(resource="delivery").count()) == ([], 0)


def test_the_preview_says_what_would_happen_and_only_then_it_can_be_run(
    browser: Client, running: Delivery
) -> None:
    form = {"selected": running.pk, "step": "preview", "key": "0" * 32, **FILLED}
    page = browser.post(PAINT, form)

    assert "&lt;b&gt;It would be red&lt;/b&gt;" in page.content.decode()
    assert "It would be done for 1 of 1." in words(page)
    assert 'value="run"' in page.content.decode()
    assert 'value="red"' in page.content.decode()
    assert painter.calls == []


@pytest.mark.parametrize("step", ["preview", "run"])
@pytest.mark.parametrize("missing", FILLED)
def test_everything_is_required_also_the_reason(
    browser: Client, running: Delivery, step: str, missing: str
) -> None:
    form = {"selected": running.pk, "step": step, "key": "0" * 32, **FILLED, missing: " "}
    assert browser.post(PAINT, form).status_code == 400
    assert painter.calls == []


def test_it_is_run_once_recorded_and_its_outcome_is_kept(
    browser: Client, running: Delivery
) -> None:
    done = run(browser, running)
    event = record()

    assert painter.calls == [([running.pk], {"color": "red"})]
    assert done.headers["Location"] == reverse("dj_actions_console:event", args=[event.pk])
    assert (event.actor_label, event.object_ids) == ("admin", [str(running.pk)])
    assert event.request_data == {
        "reason": "it was grey",
        "deliveries": [running.pk],
        "count": 1,
        "input": {"color": "red"},
    }
    page = words(browser.get(done.headers["Location"]))
    assert "Done for 1 of 1 delivery." in page
    assert "&lt;b&gt;painted&lt;/b&gt;" in page
    assert "1 running" in page
    timeline = words(browser.get(reverse("dj_actions_console:event", args=[running.event_id])))
    assert "admin ran delivery.paint" in timeline
    assert "it was grey" in timeline


def test_a_form_that_is_submitted_twice_runs_once(browser: Client, running: Delivery) -> None:
    form = {"selected": running.pk, "step": "run", "key": "1" * 32, **FILLED}
    first, second = browser.post(PAINT, form), browser.post(PAINT, form)

    assert len(painter.calls) == 1
    assert first.headers["Location"] == second.headers["Location"]


def test_many_are_processed_in_steps_with_the_progress(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    rows = [make_delivery(publisher="one", **POSSIBLE["running"]) for _ in range(2 * STEP_SIZE + 1)]
    page = run(browser, *rows)
    for position in (STEP_SIZE, 2 * STEP_SIZE):
        assert f"{position} of {len(rows)} deliveries are processed" in words(page)
        shown = browser.get(reverse("dj_actions_console:event", args=[record().pk]))
        assert shown.context["timeline"].batch.done == position
        assert shown.context["timeline"].batch.missing == len(rows) - position
        fields = dict(re.findall(r'name="([\w-]+)"[^>]*? value="([^"]*)"', page.content.decode()))
        page = browser.post(PAINT, fields | {"selected": [row.pk for row in rows]})

    assert [len(keys) for keys, _ in painter.calls] == [STEP_SIZE, STEP_SIZE, 1]
    assert {data["color"] for _, data in painter.calls} == {"red"}
    final = browser.get(page.headers["Location"]).context["timeline"].batch
    assert (final.done, final.missing, len(final.rows)) == (len(rows), 0, len(rows))


def test_what_the_destination_refuses_is_kept_with_its_reason(
    browser: Client, running: Delivery
) -> None:
    painter.status = OperationStatus.FAILED
    page = browser.get(run(browser, running).headers["Location"])

    assert page.context["timeline"].batch.done == 0
    assert [row.status.word for row in page.context["timeline"].batch.rows] == ["failed"]


def test_an_error_is_shown_and_recorded(browser: Client, running: Delivery) -> None:
    painter.error = PublisherUnavailable("the painter is away")
    form = {"selected": running.pk, "key": "2" * 32, **FILLED}
    preview = browser.post(PAINT, form | {"step": "preview"})
    assert "the painter is away" in preview.content.decode()
    assert 'value="run"' not in preview.content.decode()
    response = browser.post(PAINT, form | {"step": "run"})

    assert [str(entry) for entry in get_messages(response.wsgi_request)] == ["the painter is away"]
    outcome = ActionEvent.objects.get(parent=record().pk)
    assert (outcome.status_code, outcome.summary) == (409, "the painter is away")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"selected": ["x"]},
        {"selected": ["1"] * (3 * STEP_SIZE + 1)},
        {"selected": "1", "step": "later", "key": "0" * 32},
        {"selected": "1", "step": "run", "key": "mine"},
        {"selected": "1", "step": "run", "key": "0" * 32, "position": "-1"},
        {"selected": "1", "step": "run", "key": "0" * 32, "position": "1"},
        {"selected": range(1, STEP_SIZE + 2), "step": "run", "key": "0" * 32, "position": "10"},
    ],
)
def test_a_form_that_was_changed_is_refused(browser: Client, form: dict[str, Any]) -> None:
    assert browser.post(PAINT, FILLED | form).status_code == 400
    assert painter.calls == []


def test_it_requires_the_operations_own_permission(
    browser_of: BrowserOf, running: Delivery
) -> None:
    every = ("view_console", "view_payloads", "retry_deliveries", "cancel_deliveries")
    clerk = browser_of(*every, "replay_deliveries", "discard_deliveries", "run_actions")
    assert PAINT not in clerk.get(RUNS).content.decode()
    form = {"selected": running.pk, "step": "run", "key": "3" * 32, **FILLED}
    assert clerk.post(PAINT, form).status_code == 403
    assert browser_of("change_publisherstate", username="out").post(PAINT, form).status_code == 403
    assert painter.calls == []

    allowed = browser_of("view_console", "change_publisherstate", username="in")
    assert allowed.post(PAINT, form).status_code == 303
    assert len(painter.calls) == 1


def test_a_form_of_another_site_is_refused(running: Delivery, admin: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    form = {"selected": running.pk, "step": "run", "key": "4" * 32, **FILLED}
    assert browser.post(PAINT, form).status_code == 403
    assert painter.calls == []


def test_an_operation_that_no_publisher_offers_is_refused(
    browser: Client, running: Delivery
) -> None:
    unknown = reverse("dj_actions_console:run_act", args=["sing"])
    assert browser.post(unknown, {"selected": running.pk}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_whatever_the_settings_say(
    client: Client,
    make_user: MakeUser,
    running: Delivery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", 1)
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    run(client, running)

    assert len(painter.calls) == 1
    assert not painter.was_in_transaction
