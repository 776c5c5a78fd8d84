"""The earlier messages about an object are read from the records."""

from __future__ import annotations

import pytest
from dj_actions_stream.mapping.earlier import earlier_messages, message_of

from dj_actions.models import ActionEvent, Delivery
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from example.todos.models import Todo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("page_size", [1, 2, 500])
def test_they_are_read_newest_first_and_once(
    todo: Todo, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    monkeypatch.setattr("dj_actions_stream.mapping.earlier.PAGE_SIZE", page_size)
    for _ in range(5):
        MarkDone.run(actor=todo.owner, object=todo)
    assert drain() == 5
    *earlier, newest = ActionEvent.objects.order_by("created_at").values_list("pk", flat=True)
    message = message_of(Delivery.objects.get(event=newest))

    found = [entry.id for entry in earlier_messages("memory", message)]
    assert found == earlier[::-1]
