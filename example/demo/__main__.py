"""`python -m example.demo`: the whole path of an action on real services; see `make demo`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time

from rich.console import Console

from example.demo.client import TodoClient
from example.demo.destinations import Feeds, Runs
from example.demo.first_actions import run_first_actions
from example.demo.report import print_report
from example.demo.scenario import Scenario
from example.demo.verification import is_settled, verify
from example.launch.process import LaunchError, Process, raise_interrupts, wait_until
from example.launch.stack import ADMIN, MACHINE, USERS, Progress, Stack, open_stack

SETTLE_SECONDS = 120.0
INTERRUPTED = 130


def main() -> int:
    """Run the demo and return the exit code: 0 only if every expectation was met."""
    arguments = _parser().parse_args()
    raise_interrupts()
    started = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else 176)

    def progress(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {text}", highlight=False)

    try:
        with open_stack(progress, database=arguments.db) as stack:
            stack.start(relays=2 if stack.databases.is_postgres else 1)
            if arguments.serve:
                return serve(console, stack)
            return demonstrate(console, stack, progress)
    except LaunchError as error:
        console.print(f"[red]Failed:[/] {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        # Ctrl-C is how --serve is meant to be stopped.
        return 0 if arguments.serve else INTERRUPTED


def demonstrate(console: Console, stack: Stack, progress: Progress) -> int:
    """Run the scenario, wait until it is settled, verify the results and print a report."""
    scenario = Scenario(_client(stack, "ann"), _client(stack, "bob"), _ids())
    progress("Acting as ann and bob, over HTTP")
    scenario.run()
    admin = _client(stack, ADMIN)

    def settled() -> bool:
        stack.check_alive()
        return is_settled(scenario.committed, admin.events())

    progress("Waiting for the feeds and the DAG runs")
    wait_until(settled, timeout=SETTLE_SECONDS, what="A delivery or a DAG run")
    progress("Reading the results with Stream's and Airflow's own clients")
    events = admin.events()
    verify(scenario, events, Feeds(stack), Runs(stack))
    print_report(console, events, scenario.findings)
    progress("Done, stopping everything")
    return 1 if scenario.findings.missed else 0


def serve(console: Console, stack: Stack) -> int:
    """Keep the stack running until it is stopped with Ctrl-C.

    A program that ends, or that somebody kills to see what happens, leaves the others running.
    """
    todo = run_first_actions(_client(stack, "ann"), _client(stack, "bob"))
    console.print(_addresses(stack, todo), highlight=False, soft_wrap=True, markup=False)
    reported: set[int] = set()
    stopped = threading.Event()  # never set: Ctrl-C ends the loop
    while not stopped.wait(1.0):
        for process in stack.ended():
            if process.pid not in reported:
                reported.add(process.pid)
                console.print(_ending(process), highlight=False, markup=False)
    return 0


def _addresses(stack: Stack, todo: int) -> str:
    web, password, feeds = stack.web_url, stack.secrets.password, stack.secrets
    airflow = stack.airflow_settings
    relays = [entry for entry in stack.processes if entry.name.startswith("relay")]
    return f"""
API      {web}/todos/ (ann, bob or {ADMIN}, password {password})
Console  {web}/actions/ ({ADMIN}): what actions set off, and what goes wrong
Events   {web}/api/action-events/ ({ADMIN})
Admin    {web}/admin/ ({ADMIN})
Pages    {web}/feeds/user/me/ (what ann did; bob has {web}/feeds/notification/me/)
Feeds    {stack.feeds_url}/browser/ (key {feeds.feeds_key}, secret {feeds.feeds_secret})
Airflow  {airflow.base_url}/ ({airflow.admin.username}, password {airflow.admin.password})
Relays   {", ".join(f"{relay.name}: process {relay.pid}" for relay in relays)}
Logs     {stack.folder}/*.log

Try   curl -u ann:{password} -d note=done {web}/todos/{todo}/actions/mark_done/
      curl -u ann:{password} -d to=bob {web}/todos/{todo}/actions/hand_over/
      (its DAG calls the action "remind" back, as {MACHINE}: see the page of bob)
      . {stack.write_environment()}
      {sys.executable} example/manage.py dj_actions_doctor
      (in a second terminal: all commands of manage.py, such as "outbox list", see what runs here)
Stop  Ctrl-C"""


def _ending(process: Process) -> str:
    text = f"{process.name} has ended with code {process.returncode}; the rest is up."
    # A program that was killed says nothing about it.
    return text if process.returncode == -signal.SIGKILL else f"{text}\n{process.log_tail()}"


def _client(stack: Stack, username: str) -> TodoClient:
    return TodoClient(base_url=stack.web_url, username=username, password=stack.secrets.password)


def _ids() -> dict[str, str]:
    """Return the users' ids: `create_users` creates them in this order, from 1."""
    return {name: str(number) for number, name in enumerate((*USERS, ADMIN, MACHINE), start=1)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m example.demo", description=__doc__)
    parser.add_argument(
        "--serve", action="store_true", help="keep everything running and print the URLs"
    )
    parser.add_argument(
        "--db", metavar="WHERE",
        help="sqlite or a PostgreSQL URL (default: DATABASE_URL, else a private server)",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
