# The API, with a model trained while the image is built. Needs BuildKit (Docker >= 23 has it on).
#
#   docker build -t podforecast-api .
ARG PYTHON_IMAGE=python:3.12-slim

# ------------------------------------------------------------ what runs, without what only installs
FROM ${PYTHON_IMAGE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/venv
COPY requirements/common.txt requirements/service.txt /requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install -r /requirements/service.txt

FROM packages AS runtime
RUN find /opt/venv -type d '(' -name tests -o -path '*/pyarrow/include' -o -path '*/numpy/_core/include' \
        -o -name 'pip' -o -name 'pip-*.dist-info' ')' -prune -exec rm -rf '{}' + \
    && rm -f /opt/venv/bin/pip*

# ------------------------------------------------------------ the model
FROM packages AS training
COPY requirements/training.txt /requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install --no-compile -r /requirements/training.txt
WORKDIR /build
COPY train_model.py ./
COPY podforecast ./podforecast
COPY data ./data
RUN /opt/venv/bin/python train_model.py --data data --out /model

# ------------------------------------------------------------ our own code, compiled
FROM packages AS code
WORKDIR /srv
COPY app.py ./
COPY podforecast ./podforecast
COPY data ./data
# Only test campaigns are replayed; what the model learned from stays out of the image.
RUN grep -L '"role": *"test"' data/*/campaign.json | xargs --no-run-if-empty dirname | xargs --no-run-if-empty rm -r \
    && python -m compileall -q --invalidation-mode unchecked-hash .

# ------------------------------------------------------------ the image
FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="podforecast API" \
      org.opencontainers.image.description="Forecasts which Kubernetes pods will fail in the next minutes" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PODFORECAST_API__HOST=0.0.0.0
WORKDIR /srv
COPY --from=runtime /opt/venv /opt/venv
COPY --from=code /srv /srv
# A layer of its own and the last one: a new model changes nothing else.
COPY --from=training /model /srv/models
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/readyz', timeout=4)"]
# PORT is what Render and its like say to listen on. `exec`, so that SIGTERM reaches Python.
CMD ["sh", "-c", "PODFORECAST_API__PORT=${PORT:-8000} exec python app.py"]
