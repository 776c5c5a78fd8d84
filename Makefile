# Everything for people who work on DJ Actions, and for those who only want to see it.

UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := $(UV) run --quiet --locked
BENCH := $(RUN) --group bench python -m benchmarks

# A process for each core, up to eight: PostgreSQL takes 100 connections. One more where Airflow is
# among the tests: its process mostly waits.
CORES := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n < 8 ? n : 8)))
WORKERS := $(shell echo $$(($(CORES) + 1)))
PYTEST := $(RUN) pytest --dist loadfile

# The suite starts some hundred Python processes: without bytecode each would compile Django anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo serve test test-all browser screenshots compose-test test-django airflow-matrix chaos storm bench bench-quick lint format graph reference env
help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(UV)  ## Run the whole line once on real parts and print what happened (DB=sqlite for SQLite)
	@$(RUN) python -m example.demo $(if $(DB),--db $(DB))

serve: $(UV)  ## The same, kept up, with the URLs
	@$(RUN) python -m example.demo --serve $(if $(DB),--db $(DB))

JAVASCRIPT := tests/integration/stream/server/javascript

test: $(UV) $(JAVASCRIPT)/node_modules  ## Run the tests: on PostgreSQL, then those of the database on SQLite, then the DAGs' and their provider's
	$(PYTEST) -n $(WORKERS) -m "not slow"
	DATABASE_URL=sqlite $(PYTEST) -n $(CORES) -m "database and not postgres" tests/integration tests/compat \
		--ignore=tests/integration/scaffolding --ignore=tests/integration/airflow
	env -u VIRTUAL_ENV $(UV) run --quiet --locked --project dags pytest -c dags/pyproject.toml \
		dags/tests integrations/airflow_provider/tests

test-all: test  ## The same, then the slow tests: the demonstration, and a longer run of chaos
	$(PYTEST) -n 2 -m slow

browser:  ## Install the browser for tests of pages, on Debian as root; without it they are skipped
	@command -v chromedriver >/dev/null || (apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium chromium-driver fonts-dejavu-core)

screenshots: $(UV)  ## Make the screenshots of the README and the docs, from the demonstration's data
	@$(RUN) python -m tests.screenshots

compose-test: $(UV)  ## Run the Compose stack and check what docs/docker.md says of it
	@$(RUN) python -m tests.compose

DJANGO_VERSIONS := 5.2 6.0 6.1
DJANGO_PYTHON := 3.13

test-django: $(UV)  ## Run the tests of the console and the admin with each supported Django (DJANGO_PYTHON=… a Python that all of them support)
	@for version in $(DJANGO_VERSIONS); do \
		echo "Django $$version"; \
		UV_PROJECT_ENVIRONMENT=.tools/django-$$version $(RUN) --python $(DJANGO_PYTHON) --with "django~=$$version.0" \
			python -m pytest --dist loadfile -n $(CORES) tests/integration/admin tests/integration/console tests/unit/console || exit 1; \
	done

airflow-matrix: $(UV)  ## Run the Airflow publisher against real servers of versions 3.1 and 3.3, and with an old client
	$(PYTEST) -n0 -m slow tests/airflow_matrix
	$(RUN) --with apache-airflow-client==3.1.8 pytest -n0 tests/unit/airflow tests/integration/airflow

storm: chaos

chaos: $(UV)  ## Kill relays and the database under load and check that no event is lost or sent twice (SEED=… DELIVERIES=…)
	@$(RUN) python -m tests.chaos $(if $(SEED),--seed $(SEED)) --deliveries $(or $(DELIVERIES),30000) \
		--relays $(or $(RELAYS),4) --seconds-limit $(or $(SECONDS_LIMIT),1800)

bench: $(UV)  ## Measure requests, the relay and its latency, side by side with the alternatives
	@$(BENCH) request
	@$(BENCH) request --bulk 1000
	@$(BENCH) drain
	@$(BENCH) latency
	@$(BENCH) latency --ordered
	@$(BENCH) destination
	@$(BENCH) stream
	@$(BENCH) feeds_server
	@$(BENCH) console
	@$(BENCH) airflow

bench-quick: $(UV)  ## The same in about five minutes, less precisely and with fewer figures
	@$(BENCH) request --quick
	@$(BENCH) request --quick --bulk 1000
	@$(BENCH) drain --quick
	@$(BENCH) latency --quick
	@$(BENCH) destination --quick
	@$(BENCH) stream --quick
	@$(BENCH) airflow --quick
	@$(BENCH) feeds_server --quick
	@$(BENCH) console --quick

$(JAVASCRIPT)/node_modules: $(JAVASCRIPT)/package.json
	@if command -v npm >/dev/null; then \
		npm install --prefix $(JAVASCRIPT) --no-package-lock --no-audit --no-fund --silent && touch $@; \
	else \
		echo "npm is not installed: the tests of Stream's JavaScript client are skipped."; \
	fi

lint: $(UV)  ## Check style, types, import directions and migrations
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) python example/manage.py makemigrations --check --dry-run

format: $(UV)  ## Put the code into shape
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

graph: $(UV)  ## Draw the packages and their imports in CONTRIBUTING.md
	$(RUN) python -m tests.public.package_graph --write

reference: $(UV)  ## List the public names in docs/reference.md
	$(RUN) python -m tests.public.reference --write

env:  ## Write .env for docker compose with random secrets, unless there is one
	python3 -m example.launch.env_file

.tools/bin/uv:
	@echo "Getting uv into .tools/"
	@python3 -m venv .tools 2>/dev/null && .tools/bin/pip install --quiet uv \
		|| python3 -m pip install --quiet --target .tools uv
