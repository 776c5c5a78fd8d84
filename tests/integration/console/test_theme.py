"""The console in a project with a theme of its own."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

THEME = """{% extends "dj_actions_console/base.html" %}
{% block site_name %}Acme{% endblock %}
{% block head %}<link rel="stylesheet" href="/static/acme.css">{% endblock %}
{% block brand %}<a class="brand" href="/">Acme</a>{% endblock %}
{% block sections %}<li><a href="/wiki/">Wiki</a></li>{% endblock %}
{% block links %}<a href="/on-call/">On call</a>{% endblock %}
{% block footer %}<footer>Ask the platform team.</footer>{% endblock %}
{% block scripts %}{{ block.super }}<script src="/static/acme.js" defer></script>{% endblock %}
"""
"""A template of the same name, which extends the console's own."""

PAGES = ("overview", "actions", "deliveries", "dead_letters", "publishers", "runs", "catalogue")


@pytest.fixture
def themed(settings: Settings, tmp_path: Path) -> None:
    """Put the theme before the templates of apps."""
    folder = tmp_path / "dj_actions_console"
    folder.mkdir()
    (folder / "base.html").write_text(THEME)
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [tmp_path]
    settings.TEMPLATES = templates


@pytest.mark.usefixtures("themed")
@pytest.mark.parametrize("name", PAGES)
def test_each_block_of_the_base_template_can_be_replaced(browser: Client, name: str) -> None:
    page = browser.get(reverse(f"dj_actions_console:{name}")).content.decode()

    for part in ("acme.css", ">Acme<", "/wiki/", "/on-call/", "platform team", "acme.js"):
        assert part in page
    assert " · Acme</title>" in page
    # What is not replaced is there as before.
    assert 'class="skip"' in page
    assert "htmx.min.js" in page
    assert "Actions console</a>" not in page
