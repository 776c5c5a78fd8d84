# The image of the example: the wheel of DJ Actions with what uv.lock pins, and example/ on top.

FROM python:3.13.13-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    VIRTUAL_ENV=/opt/venv

RUN pip install --no-cache-dir uv==0.13.9

WORKDIR /source

# What the wheel depends on comes first: it changes less often than our own code.
# The servers of the image are not dependencies of the library, so they are not among its
# extras; the lock file pins them as well, and serves as the constraint.
COPY pyproject.toml uv.lock ./
RUN uv export --quiet --locked --no-default-groups --no-emit-project \
        --extra postgres --extra stream --extra airflow --extra openapi \
        --output-file requirements.txt \
    && uv export --quiet --locked --only-group dev --no-emit-project \
        --output-file constraints.txt \
    && uv venv /opt/venv \
    && uv pip install --requirements requirements.txt \
    && uv pip install --constraints constraints.txt gunicorn dj-database-url whitenoise

COPY README.md CHANGELOG.md LICENSE ./
COPY dj_actions/ dj_actions/
COPY integrations/ integrations/
RUN uv build --wheel --out-dir dist \
    && uv pip install --no-deps dist/*.whl \
    && uv pip check


FROM python:3.13.13-slim-trixie

RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin app

COPY --from=build /opt/venv /opt/venv

WORKDIR /app
COPY example/ example/

# Workers beat in memory, not on the disk of the container. The control socket would need a
# home folder.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GUNICORN_CMD_ARGS="--worker-tmp-dir=/dev/shm --no-control-socket --access-logfile=-"

USER 10001:10001
CMD ["gunicorn", "example.project.wsgi", "--bind=0.0.0.0:8000"]
