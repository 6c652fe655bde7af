# Debian 13 brings OpenSSL 3.5, which makes TLS checks markedly cheaper than 3.0 does.
ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# setuptools goes into the build stage only; the dependencies into what is shipped.
COPY requirements/build.txt requirements/run.txt requirements/
RUN pip install --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /opt/heartbeat \
 && pip --python /opt/heartbeat/bin/python install \
        --require-hashes --only-binary :all: -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY heartbeat/ heartbeat/
COPY monitors/ monitors/
COPY outputs/ outputs/
COPY cmd/ cmd/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/heartbeat/bin/python install --no-deps dist/*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="heartbeat" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/heartbeat /opt/heartbeat
WORKDIR /usr/share/heartbeat
COPY heartbeat.yml ./
COPY monitors.d/ monitors.d/
# Group 0 may write data and logs, so that any user id works (OpenShift). The
# configuration must not be writable by a group, however the checkout had it.
RUN useradd --uid 1000 --gid 0 --no-create-home --home-dir /usr/share/heartbeat \
        --shell /usr/sbin/nologin heartbeat \
 && install -d -o 1000 -g 0 -m 0775 data logs \
 && chmod -R u=rwX,go=rX heartbeat.yml monitors.d
ENV PATH=/opt/heartbeat/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ELASTIC_CONTAINER=true
USER 1000:0
VOLUME ["/usr/share/heartbeat/data"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD \
    ["python", "-I", "-c", "import http.client as h, sys; c = h.HTTPConnection('localhost', 5066, timeout=4); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["heartbeat"]
CMD ["--environment", "container"]
