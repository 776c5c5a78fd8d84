"""What can go wrong between the publisher and Feeds v3."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.fixtures.relay_memory import measure, needs_proc
from tests.fixtures.transport_faults import TransportFaults
from tests.fixtures.unbounded import ENDLESS_FRAMING, HEAVY_JSON, TOO_LARGE
from tests.integration.stream.v3.destination import API_KEY, API_SECRET, FeedsV3Destination

MAX_MEGABYTES = 300
"""What a relay may need, whatever a destination sends. The client alone needs 80 MB."""


class TestFeedsV3Faults(TransportFaults):
    """The contract of all integrations."""

    transport_error = requests.RequestException


@needs_proc
@pytest.mark.slow
def test_no_response_fills_the_memory_of_a_relay(
    destination: FeedsV3Destination, tmp_path: Path
) -> None:
    steps = [*TOO_LARGE.values(), *ENDLESS_FRAMING.values(), *HEAVY_JSON.values()]
    destination.server.script(*steps, at=destination.path)
    options = {"base_url": destination.server.url, "api_key": API_KEY, "api_secret": API_SECRET}
    relay = measure(
        tmp_path,
        "dj_actions_stream.v3.StreamV3Publisher",
        options | {"timeout": 3},
        attempts=len(steps),
    )

    assert all("'kind': 'unavailable'" in outcome for outcome in relay.outcomes), relay
    assert relay.peak < MAX_MEGABYTES
