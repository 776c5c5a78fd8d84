"""Sections that apps add to the console."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.urls import reverse

import dj_actions.console.urls as console_urls
from dj_actions.console import sections
from dj_actions.console.access import Verb
from dj_actions.console.extension import Section, register_section
from tests.integration.console.conftest import BrowserOf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(sections, "_sections", dict(sections._sections))


def reports(section: str) -> list[str]:
    found = [message for message in run_checks() if message.id == "dj_actions_console.E002"]
    return [message.msg for message in found if section in message.msg]


def test_the_first_parts_of_own_paths_are_not_available() -> None:
    own = {str(entry.pattern).lstrip("^").split("/")[0] for entry in console_urls.urlpatterns}
    assert own - {"", *sections._sections} == sections.OWN_NAMES


@pytest.mark.parametrize("name", ["runs", "", "Feeds", "a/b", "feeds"])
def test_a_name_that_is_taken_or_invalid_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        register_section(Section(name=name, label="Mine", urls="tests.urls"))


def test_a_section_may_be_registered_again() -> None:
    section = Section(name="mine", label="Mine", urls="tests.urls")
    register_section(section)
    register_section(section)
    assert sections.sections()[-1] == section


def test_a_section_without_its_first_page_is_reported_by_check() -> None:
    register_section(Section(name="without-index", label="Mine", urls="tests.urls"))
    register_section(Section(name="without-module", label="Mine", urls="no.such.module"))
    assert ["no page named 'index'" in text for text in reports("without-index")] == [True]
    assert ["cannot be imported" in text for text in reports("without-module")] == [True]
    assert reports("feeds") == []


def test_an_entry_of_the_navigation_requires_the_permission_of_its_section(
    browser_of: BrowserOf,
) -> None:
    feeds = sections._sections.pop("feeds")
    register_section(
        Section(name=feeds.name, label=feeds.label, urls=feeds.urls, verb=Verb.VIEW_PAYLOADS)
    )
    overview, entry = reverse("dj_actions_console:overview"), f'href="{feeds.url}"'
    assert entry not in browser_of("view_console").get(overview).content.decode()
    browser = browser_of("view_console", "view_payloads", username="few")
    assert entry in browser.get(overview).content.decode()
