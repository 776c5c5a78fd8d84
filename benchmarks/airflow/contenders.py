"""The contenders: threads that send nothing but requests, and a relay."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

from dj_actions_airflow.routing.conversion import dag_run_conf

from benchmarks.contender import Work
from benchmarks.destination.client import post
from benchmarks.relay import run_relay
from benchmarks.request.over_http import HttpTransport
from benchmarks.turns import Contender
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.relay.delivering.messages import message_of

ALIAS = "pipelines"
"""The publisher in the settings."""

CLIENT = Contender(name="client", title="keep-alive client")
RELAY = Contender(name="relay", title="DJ Actions")
CONTENDERS = (CLIENT, RELAY)


def open_client() -> Work:
    """Prepare the conf of a run, and trigger it again and again with new ids."""
    lanes, port = int(os.environ["BENCHMARK_LANES"]), int(os.environ["BENCHMARK_PORT"])
    (delivery,) = Delivery.objects.claim(ALIAS, limit=1, lease=1)
    conf = dag_run_conf(message_of(delivery))

    def work(seconds: float) -> None:
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(lanes) as pool:
            futures = [pool.submit(_send_until, end, _bodies(conf), port) for _ in range(lanes)]
        for future in futures:
            future.result()

    return work


def _bodies(conf: Mapping[str, object]) -> Iterator[bytes]:
    while True:
        body = {"dag_run_id": f"client-{uuid4()}", "logical_date": None, "conf": conf, "note": ""}
        yield json.dumps(body).encode()


def _send_until(end: float, bodies: Iterator[bytes], port: int) -> None:
    headers = {"Authorization": f"Bearer {os.environ['BENCHMARK_TOKEN']}"}
    path = "/api/v2/dags/todo_completed/dagRuns"
    with closing(HttpTransport(port)) as transport:
        for body in bodies:
            post(transport, path, body, headers)
            if time.monotonic() >= end:
                return


def open_relay() -> Work:
    """Deliver what is pending by a relay, which also tracks the runs."""
    publishers[ALIAS].prepare()  # imports the client, once for all threads
    gc.freeze()  # like the command
    return run_relay


WORKS: Mapping[str, Callable[[], Work]] = {CLIENT.name: open_client, RELAY.name: open_relay}
"""Name of a contender → prepares its process."""
