"""What the command line of the benchmarks means."""

from __future__ import annotations

import pytest
from django.utils.module_loading import import_string

from benchmarks.options import QUESTIONS, options_from


def test_requests_are_measured_over_http_unless_said_otherwise() -> None:
    assert options_from(["request"]).through == "http"
    assert options_from(["request", "--through", "handler"]).through == "handler"


def test_an_unknown_way_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options_from(["request", "--through", "smoke"])
    message = capsys.readouterr().err
    assert "smoke" in message
    assert "http" in message
    assert "handler" in message


@pytest.mark.parametrize("option", ["--relays", "--batch-size", "--seconds"])
def test_numbers_that_have_to_be_above_zero_are(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options_from(["drain", option, "0"])
    assert "0 is less than 1" in capsys.readouterr().err


@pytest.mark.parametrize("rate", ["0", "-1", "inf", "nan"])
def test_a_rate_is_a_number_above_zero(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options_from(["latency", f"--rate={rate}"])
    assert f"{rate} is not a number above zero" in capsys.readouterr().err


def test_a_rate_may_be_below_one() -> None:
    assert options_from(["latency", "--rate", "0.5"]).rate == 0.5


def test_a_drain_question_can_be_asked() -> None:
    assert callable(import_string(QUESTIONS["drain"].ask))
