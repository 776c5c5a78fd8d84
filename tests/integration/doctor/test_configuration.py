"""The checks of settings and migrations."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from dj_actions.doctor import State, configuration
from tests.integration.doctor.conftest import only


def test_settings_that_can_be_used_are_fine() -> None:
    finding = only(configuration.check_settings())

    assert finding.state is State.OK
    assert finding.message == "DJ_ACTIONS is valid; publishers: memory."


def test_a_publisher_that_cannot_be_loaded_is_a_problem(settings: Settings) -> None:
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": {"BACKEND": "gone.Publisher"}}}
    finding = only(configuration.check_settings())

    assert finding.state is State.PROBLEM
    assert "No module named 'gone'" in finding.message
    assert "(dj_actions.E002)" in finding.message
    assert finding.fix == "Correct DJ_ACTIONS in the settings."


def test_an_unknown_setting_is_a_problem(settings: Settings) -> None:
    settings.DJ_ACTIONS = {"PUBLISHER": {}}

    assert only(configuration.check_settings()).state is State.PROBLEM
    assert not configuration.settings_are_usable()


def test_a_pattern_that_matches_nothing_is_a_warning(settings: Settings) -> None:
    entry = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", "ROUTES": ["tudo.*"]}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    finding = only(configuration.check_settings())

    assert finding.state is State.WARNING
    assert finding.fix == "Patterns match `resource.action`, for example 'todo.*'."


def test_a_check_that_the_project_has_silenced_stays_silent(settings: Settings) -> None:
    entry = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher", "ROUTES": ["tudo.*"]}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    settings.SILENCED_SYSTEM_CHECKS = ["dj_actions.W001"]

    assert only(configuration.check_settings()).state is State.OK


@pytest.mark.django_db
def test_applied_migrations_are_fine() -> None:
    assert only(configuration.check_migrations("default")).state is State.OK


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named() -> None:
    ((app, name),) = MigrationLoader(connection).graph.leaf_nodes("dj_actions")
    MigrationRecorder(connection).record_unapplied(app, name)
    finding = only(configuration.check_migrations("default"))

    assert finding.state is State.PROBLEM
    assert finding.message == f"1 migration is not applied: {name}."
    assert "manage.py migrate" in finding.fix
