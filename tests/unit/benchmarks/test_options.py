"""The command line of the benchmarks."""

from __future__ import annotations

import pytest
from django.utils.module_loading import import_string

from benchmarks.options import BENCHMARKS, parse_options


def test_requests_are_measured_over_http_unless_said_otherwise() -> None:
    assert parse_options(["request"]).through == "http"
    assert parse_options(["request", "--through", "handler"]).through == "handler"


def test_an_unknown_transport_is_rejected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse_options(["request", "--through", "smoke"])
    message = capsys.readouterr().err
    assert "smoke" in message
    assert "http" in message
    assert "handler" in message


def test_a_request_is_for_one_object_unless_a_number_is_given() -> None:
    assert parse_options(["request"]).bulk is None
    assert parse_options(["request", "--bulk", "1000"]).bulk == 1000


@pytest.mark.parametrize("option", ["--relays", "--batch-size", "--seconds", "--bulk"])
def test_zero_is_rejected(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["drain", option, "0"])
    assert "0 is less than 1" in capsys.readouterr().err


@pytest.mark.parametrize("rate", ["0", "-1", "inf", "nan"])
def test_a_rate_is_a_number_above_zero(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["latency", f"--rate={rate}"])
    assert f"{rate} is not a number above zero" in capsys.readouterr().err


def test_a_rate_may_be_below_one() -> None:
    assert parse_options(["latency", "--rate", "0.5"]).rate == 0.5


def test_the_drain_benchmark_can_be_imported() -> None:
    assert callable(import_string(BENCHMARKS["drain"].run))
