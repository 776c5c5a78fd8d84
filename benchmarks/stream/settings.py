"""Settings of the Stream benchmark: two publishers to one feeds server, without tuning."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings

_OPTIONS = {
    "api_key": os.environ.get("STREAM_API_KEY", ""),
    "api_secret": os.environ.get("STREAM_API_SECRET", ""),
    "base_url": os.environ.get("STREAM_BASE_URL"),
}

DJ_ACTIONS = {
    "PUBLISHERS": {
        "batches": {
            "BACKEND": "dj_actions_stream.StreamPublisher",
            "OPTIONS": _OPTIONS,
            "ROUTES": ["todo.*"],
        },
        "one_call_each": {
            "BACKEND": "benchmarks.stream.publishers.OneCallEachPublisher",
            "OPTIONS": _OPTIONS,
            "ROUTES": ["todo.*"],
        },
    },
}
