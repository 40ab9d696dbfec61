#!/usr/bin/env bash
# Build the images, bring docker-compose.yml up with a real engine, look at it from outside, take it
# down; play the pods of k8s/ by podman meanwhile. A Docker engine that runs is used as it is; base images it does not have are pulled. Without
# one, as root on Debian or Ubuntu, Docker is installed and a daemon of our own runs for as long as
# this takes, on base images made here, because such a machine may reach no image registry.
#
#   container_job.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
state=${PODFORECAST_CONTAINER_STATE:-/var/cache/podforecast-containers}
python_image=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)
prometheus_image=$(sed -n 's/^ *image: \(prom\/.*\)/\1/p' docker-compose.yml)

refuse() {
    echo "error: the container tests can not run: $1" >&2
    echo "hint: start Docker, or run as root on Debian or Ubuntu, or leave them out by name: make test CONTAINERS=no" >&2
    exit 1
}

have_engine() { docker info >/dev/null 2>&1; }
have_compose() { docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1; }

install_engine() {
    [ "$(id -u)" = 0 ] || refuse "no Docker engine answers, and only root could install and start one"
    command -v apt-get >/dev/null || refuse "no Docker engine answers, and there is no apt-get to install one"
    local packages=()
    [ -x /usr/sbin/dockerd ] || packages+=(docker.io)
    command -v docker-compose >/dev/null || packages+=(docker-compose)
    command -v iptables >/dev/null || packages+=(iptables)
    command -v mmdebstrap >/dev/null || packages+=(mmdebstrap)
    command -v prometheus >/dev/null || packages+=(prometheus)
    [ ${#packages[@]} -eq 0 ] && return
    echo "installing ${packages[*]}" >&2
    apt-get update -qq
    # Newer releases ship the builder apart from the engine.
    if apt-cache show docker-buildx >/dev/null 2>&1; then packages+=(docker-buildx); fi
    # No daemon may start by itself: it would take the place of the one below.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Podman plays pods without a cluster. Where it is missing and can not be installed, its tests are
# left out by name, and CI fails.
install_podman() {
    command -v podman >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    echo "installing podman" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        podman runc conmon netavark aardvark-dns catatonit iptables >/dev/null
}

start_engine() {
    # The client that came with the engine, whatever else is on the path.
    export PATH=/usr/bin:/usr/sbin:$PATH
    mkdir -p "$state"
    socket=$(mktemp -d)
    export DOCKER_HOST=unix://$socket/docker.sock
    # A limit of a million open files, the default, is refused where the machine's own is lower.
    dockerd --data-root "$state" --exec-root "$socket/exec" --pidfile "$socket/pid" -H "$DOCKER_HOST" \
        --default-ulimit nofile=1024:1024 >"$socket/log" 2>&1 &
    engine=$!
    trap stop_engine EXIT
    for _ in $(seq 150); do
        have_engine && return
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 5 "$socket/log" >&2
    refuse "the Docker engine does not start here (its last words are above)"
}

stop_engine() {
    docker image prune --force >/dev/null 2>&1 || echo "old images stay in $state" >&2
    if kill "$engine" 2>/dev/null; then
        wait "$engine" || echo "the Docker engine ended with code $?" >&2
    fi
    rm -rf "$socket"
}

base_images() {
    local image missing=()
    for image in "$python_image" "$prometheus_image"; do
        docker image inspect "$image" >/dev/null 2>&1 || missing+=("$image")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$ours" = yes ]; then
        bash scripts/make_base_images.sh "$python_image" "$prometheus_image"
    else
        for image in "${missing[@]}"; do docker pull --quiet "$image"; done
    fi
}

if have_engine; then
    ours=no
else
    ours=yes
    install_engine
    start_engine
fi
install_podman
have_compose || refuse "Docker answers, but neither 'docker compose' nor 'docker-compose' is there"
base_images
PODFORECAST_CONTAINER_JOB=1 DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 \
    "$python" -m pytest tests/containers
