# One image for every process of the platform; which one is the command's business (docker-compose.yml).

FROM python:3.12.13-slim-bookworm AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
WORKDIR /build
RUN python -m venv /opt/venv
# First what changes seldom. The lock is complete and hashed, so nothing is resolved again. Kubernetes has one of its own.
ARG LOCK=requirements-servers.lock
COPY ${LOCK} .
RUN --mount=type=cache,target=/var/cache/pip \
    /opt/venv/bin/pip install --no-deps --require-hashes --only-binary :all: -r "${LOCK}"
# What no process here imports: the tests of the largest packages, C headers, and AWS's 400 services but S3 and sign-in.
WORKDIR /opt/venv/lib/python3.12/site-packages
RUN rm -rf pandas/tests pyarrow/tests pyarrow/include pyarrow/src numpy/_core/include \
    && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name sts -exec rm -rf {} +

# The platform itself, apart from them: a change of code is a layer of 2 MB and a build of seconds.
FROM dependencies AS platform
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY weather_platform weather_platform
COPY api api
COPY dash_app dash_app
RUN --mount=type=cache,target=/var/cache/pip /opt/venv/bin/pip install --no-deps --target /opt/platform .

FROM python:3.12.13-slim-bookworm
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="weather_platform" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --uid 10001 --create-home --home-dir /var/lib/weather weather \
    && mkdir -p /var/lib/weather/dagster /var/lib/weather/staging_csv /var/lib/weather/cache \
    && chown -R weather:weather /var/lib/weather
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=platform /opt/platform /opt/platform
WORKDIR /opt/weather
COPY deploy/entrypoint.sh deploy/workspace.yaml deploy/gunicorn.py deploy/first_load.py ./
COPY data/ingestion data/ingestion
ENV PATH=/opt/venv/bin:/opt/platform/bin:$PATH \
    PYTHONPATH=/opt/platform \
    PYTHONUNBUFFERED=1 \
    WEATHER_HOME=/var/lib/weather \
    DAGSTER_HOME=/var/lib/weather/dagster
USER 10001
ENTRYPOINT ["/opt/weather/entrypoint.sh"]
CMD ["weather", "--help"]
