"""The pytest plugin, in separate projects: found by its entry point, without side effects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from dj_actions import testing
from tests.integration.testing.project import FILES, run, write

BARE_INI = "[pytest]\naddopts = -p no:cacheprovider -p no:randomly\nfilterwarnings = error\n"

FIXTURES = """
import pytest
from dj_actions import testing
from dj_actions.publishers.memory import outboxes
from todos.actions import MarkDone
from todos.models import Todo


@pytest.fixture
def todo(db, django_user_model):
    return Todo.objects.create(title="x", owner=django_user_model.objects.create_user("ann"))


def test_one_object_holds_the_helpers(dj_actions, todo):
    with dj_actions.captured("feeds") as kept:
        event = MarkDone.run(object=todo).event
        assert dj_actions.drain() == 1
    assert dj_actions.assert_recorded(MarkDone) == event
    assert dj_actions.assert_delivered(event, to="feeds")
    assert dj_actions is testing


def test_actions_are_captured_around_the_test(captured_actions, dj_actions, todo):
    MarkDone.run(object=todo)
    assert captured_actions.messages == []
    dj_actions.drain()
    assert len(captured_actions.of("feeds")) == 1
    assert not outboxes["feeds"]


@pytest.mark.django_db(transaction=True)
def test_capturing_works_without_a_transaction(captured_actions, dj_actions, todo):
    MarkDone.run(object=todo)
    assert dj_actions.drain() == 1


def test_afterwards_messages_are_published_again(dj_actions, todo):
    MarkDone.run(object=todo)
    dj_actions.drain()
    assert len(outboxes["feeds"]) == 1
"""

DATABASE = """
from dj_actions.models import Delivery
from django.db import connection


def test_capturing_brings_the_database_along(captured_actions):
    assert connection.settings_dict["NAME"] != ":memory:"  # the project's own
    assert not Delivery.objects.exists()
"""

MEMORY = """
import pytest
from dj_actions.publishers import publishers
from dj_actions.publishers.memory import outboxes
from dj_actions.testing import FailingPublisher, make_message

seen = []


@pytest.mark.parametrize("time", ["first", "second"])
def test_nothing_is_left_of_another_test(time):
    assert not outboxes["feeds"] and not FailingPublisher.received["failing"]
    publisher = publishers["feeds"]
    assert publisher not in seen
    publisher.publish(make_message())
    FailingPublisher(alias="failing", times=0).publish(make_message())
    seen.append(publisher)
    assert outboxes["feeds"] and FailingPublisher.received["failing"]
"""

WITHOUT_DJANGO = """
import sys


def test_nothing_of_django_is_loaded(request):
    assert request.config.pluginmanager.hasplugin("dj_actions")
    assert not [name for name in sys.modules if name.partition(".")[0] in {"django", "tenacity"}]
"""

NOT_CONFIGURED = """
import sys
from django.conf import settings


def test_django_is_there_but_not_configured(request):
    assert request.config.pluginmanager.hasplugin("django")
    assert not settings.configured
    assert "dj_actions.models" not in sys.modules


def test_publishers_outside_the_settings_are_cleared_too():
    import dj_actions.publishers.memory
    dj_actions.publishers.memory.outboxes["x"].append("a message")


def test_as_can_be_seen():
    from dj_actions.publishers.memory import outboxes
    assert outboxes == {}
"""

UNITTEST = """
import sys
from django.test import TestCase
from django.contrib.auth.models import User
from dj_actions.testing import *
from todos.actions import MarkDone
from todos.models import Todo


class HelperTests(TestCase):
    def test_helpers_work_without_pytest(self):
        todo = Todo.objects.create(title="x", owner=User.objects.create_user("ann"))
        with captured() as kept:
            MarkDone.run(object=todo)
        MarkDone.run(object=todo)
        assert_recorded(MarkDone, times=2, object=todo)
        self.assertEqual((len(kept.messages), drain()), (1, 1))
        self.assertNotIn("pytest", sys.modules)
"""

Passed = Callable[..., int]


@pytest.fixture
def passed(tmp_path: Path) -> Passed:
    """Return a function that runs pytest on files, and returns how many tests have passed."""

    def passed(*options: str, **files: str) -> int:
        write(tmp_path, {f"{name}.py": content for name, content in files.items()})
        printed = run(tmp_path, "-m", "pytest", "-v", *options)
        return printed.count(" PASSED")

    return passed


def test_in_a_project(tmp_path: Path, passed: Passed) -> None:
    write(tmp_path, FILES)

    assert passed(test_fixtures=FIXTURES, test_database=DATABASE, test_memory=MEMORY) == 7


def test_without_django_nothing_of_it_is_loaded(tmp_path: Path, passed: Passed) -> None:
    write(tmp_path, {"pytest.ini": BARE_INI})

    assert passed("-p", "no:django", test_it=WITHOUT_DJANGO) == 1


def test_django_need_not_be_configured(tmp_path: Path, passed: Passed) -> None:
    write(tmp_path, {"pytest.ini": BARE_INI})

    assert passed(test_it=NOT_CONFIGURED) == 3


def test_the_helpers_need_no_pytest(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"tests.py": UNITTEST})

    assert "Ran 1 test in" in run(tmp_path, "manage.py", "test")


def test_the_package_has_its_public_names_and_no_others() -> None:
    assert [name for name in testing.__all__ if not inspect.getdoc(getattr(testing, name))] == []
    with pytest.raises(AttributeError, match="no attribute 'assert_recored'"):
        _ = testing.assert_recored  # type: ignore[attr-defined]  # the slip of a pen
