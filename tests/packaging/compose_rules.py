"""What has to hold of the compose file: each rule returns the problems it finds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft7Validator

from tests.packaging.compose_stack import (
    VARIABLE,
    Service,
    Stack,
    dependencies,
    environment,
    example_names,
    is_one_shot,
    variables,
    with_defaults,
)

SCHEMA = Path(__file__).parent / "compose_spec.json"
AIRFLOW_REPOSITORY = "apache/airflow"
# Airflow's processes have to agree on these, or they refuse each other's tokens and data.
AIRFLOW_SHARED = (
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API_AUTH__JWT_ISSUER",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
)
LOCAL_TAG = ":local"

_SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$")
_PINNED = re.compile(r"^[^:@\s]+(:[^:@\s]*\d[^:@\s]*|@sha256:[0-9a-f]{64})$")
_URL = re.compile(r"\b(?:https?|postgresql(?:\+\w+)?)://[^\s'\"]+")


def schema_problems(stack: Stack) -> list[str]:
    """The file follows the Compose Specification."""
    # Chosen by name: the schema writes its `$schema` in a way no validator knows.
    validator = Draft7Validator(json.loads(SCHEMA.read_text()))
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(stack.compose)
    ]


def dependency_problems(stack: Stack) -> list[str]:
    """Each service waits for something that exists and can become what is waited for."""
    return [
        problem
        for name, service in stack.services.items()
        for target, condition in dependencies(service).items()
        for problem in _edge_problems(stack, name, target, condition)
    ]


def _edge_problems(stack: Stack, name: str, target: str, condition: str) -> Iterator[str]:
    wanted = stack.services.get(target)
    if wanted is None:
        yield f"{name} waits for {target}, which does not exist"
    elif condition == "service_healthy" and not wanted.get("healthcheck", {}).get("test"):
        yield f"{name} waits for the health of {target}, which has no health check"
    elif condition == "service_completed_successfully" and not is_one_shot(wanted):
        yield f"{name} waits for the end of {target}, which is started again whenever it ends"
    elif condition == "service_healthy" and is_one_shot(wanted):
        yield f"{name} waits for the health of {target}, which ends"


def restart_problems(stack: Stack) -> list[str]:
    """Services come back; one-shots do not, and somebody waits for the success of each."""
    awaited = {
        target
        for service in stack.services.values()
        for target, condition in dependencies(service).items()
        if condition == "service_completed_successfully"
    }
    unknown = [
        f"{name} says neither `unless-stopped` nor `no` of its restarts"
        for name, service in stack.services.items()
        if service.get("restart") not in {"unless-stopped", "no"}
    ]
    forgotten = [
        f"no service waits for the success of {name}"
        for name, service in stack.services.items()
        if is_one_shot(service) and name not in awaited
    ]
    return unknown + forgotten


def port_problems(stack: Stack) -> list[str]:
    """Every published port is bound to loopback."""
    return [
        f"{name} publishes {port} to the network"
        for name, service in stack.services.items()
        for port in service.get("ports", [])
        if not _on_loopback(port)
    ]


def _on_loopback(port: Any) -> bool:
    if isinstance(port, Mapping):
        return port.get("host_ip") == "127.0.0.1"
    return str(port).startswith("127.0.0.1:")


def image_problems(stack: Stack) -> list[str]:
    """Every image is pinned, or built here and then never pulled."""
    built = {s["image"] for s in stack.services.values() if "build" in s and "image" in s}
    return [
        f"{name} runs {service.get('image')!r}, which is neither pinned nor built here"
        for name, service in stack.services.items()
        if not _image_is_certain(service, built)
    ]


def _image_is_certain(service: Service, built: set[str]) -> bool:
    image = str(service.get("image", ""))
    if image.endswith(LOCAL_TAG):
        never_pulled = service.get("pull_policy") in {"never", "build"}
        return image in built and never_pulled
    return _PINNED.match(image) is not None


def variable_problems(stack: Stack) -> list[str]:
    """The file and `.env.example` name the same variables, and secrets are demanded."""
    used = variables(stack.compose)
    given = example_names(stack.env_example)
    return [
        *(f"{name} is not in .env.example" for name in sorted(used.keys() - given)),
        *(f"{name} of .env.example is not used" for name in sorted(given - used.keys())),
        *(
            f"{name} is a secret: ask for it with :? and say how to make one"
            for name, operators in sorted(used.items())
            if _SECRET_NAME.search(name)
            and not all(operator.startswith(":?") and len(operator) > 2 for operator in operators)
        ),
    ]


def written_secret_problems(stack: Stack) -> list[str]:
    """No secret is written into the file: each comes from a variable."""
    return [
        f"{service_name}: {name} is written into the file"
        for service_name, service in stack.services.items()
        for name, value in environment(service).items()
        if _SECRET_NAME.search(name) and not VARIABLE.search(str(value))
    ]


def mount_problems(stack: Stack) -> list[str]:
    """What is mounted exists: paths next to the file, and volumes in its list."""
    return [
        f"{name} mounts {source}, which does not exist"
        for name, service in stack.services.items()
        for source in _sources(service)
        if not _source_exists(stack, source)
    ]


def _sources(service: Service) -> Iterator[str]:
    for volume in service.get("volumes", []):
        yield volume["source"] if isinstance(volume, Mapping) else str(volume).split(":")[0]


def _source_exists(stack: Stack, source: str) -> bool:
    if source.startswith("."):
        return (stack.root / source).exists()
    return source in stack.compose.get("volumes", {})


def command_problems(stack: Stack) -> list[str]:
    """The scripts and modules that are started exist."""
    return [
        f"{name} starts {path}, which does not exist"
        for name, service in stack.services.items()
        for path in _started_paths(service)
        if not (stack.root / path).exists()
    ]


def _started_paths(service: Service) -> Iterator[str]:
    """Yield the files a service starts, as far as they are ours."""
    modules = [environment(service).get("DJANGO_SETTINGS_MODULE", "")]
    for word in service.get("command", []):
        if word.endswith(".py"):
            yield word
        modules.append(word)
    for module in modules:
        if re.fullmatch(r"example(\.\w+)+", module):
            yield f"{module.replace('.', '/')}.py"


def address_problems(stack: Stack) -> list[str]:
    """Every URL in the environment names a service that exists, and its database if it is one."""
    made = (stack.root / "docker/create-databases.sql").read_text()
    return [
        f"{name}: {problem}"
        for name, service in stack.services.items()
        for variable, value in environment(service).items()
        if not variable.endswith("_PUBLIC_URL")  # an address for people, outside the network
        for url in _URL.findall(with_defaults(value))
        for problem in _url_problems(stack, url, made)
    ]


def _url_problems(stack: Stack, url: str, made: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.hostname not in stack.services:
        yield f"no service is called {parts.hostname}"
    database = parts.path.strip("/")
    if parts.scheme.startswith("postgresql") and f"CREATE DATABASE {database};" not in made:
        yield f"nothing makes the database {database}"


def airflow_problems(stack: Stack) -> list[str]:
    """Airflow is of the version the DAGs are tested with, and its services agree."""
    wanted = [
        f"{AIRFLOW_REPOSITORY}:{match[1]}"
        for requirement in stack.dags_project["project"]["dependencies"]
        if (match := re.match(r"apache-airflow(?:\[[^\]]*\])?\s*==\s*([\w.]+)", requirement))
    ]
    airflow = {
        name: service
        for name, service in stack.services.items()
        if str(service.get("image")).startswith(AIRFLOW_REPOSITORY)
    }
    versions = [
        f"{name} runs {service['image']}, the DAGs are made for {wanted}"
        for name, service in airflow.items()
        if [service["image"]] != wanted
    ]
    configured = [environment(service) for service in airflow.values() if environment(service)]
    disagreements = [
        f"the Airflow services do not share {name}"
        for name in AIRFLOW_SHARED
        if len({settings.get(name) for settings in configured}) != 1
        or not all(settings.get(name) for settings in configured)
    ]
    return versions + disagreements
