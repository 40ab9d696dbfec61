#!/usr/bin/env bash
# Install the real programs that the tests and the lab start: Prometheus with promtool, Alertmanager
# with amtool, Chromium, in which the dashboard is opened, openssl, which makes the certificates of a
# test, PostgreSQL, in which forecasts are kept, kustomize, which renders k8s/, and systemd-analyze,
# which reads the units. Without root nothing is installed; tests that miss one of them are then named.
set -euo pipefail
packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need prometheus prometheus
need promtool prometheus
need prometheus-alertmanager prometheus-alertmanager
need amtool prometheus-alertmanager
# Debian keeps initdb off PATH. The daemon of the package is not wanted: tests start their own.
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || need initdb postgresql
need openssl openssl
command -v google-chrome >/dev/null || need chromium chromium
need systemd-analyze systemd
# kubectl has kustomize within; machines of CI have it. Debian 12's package is too old for our manifests
# and Ubuntu has none: there kustomize is built from its Go module.
if ! command -v kubectl >/dev/null && ! command -v kustomize >/dev/null; then
    packaged=$(apt-cache policy kubernetes-client 2>/dev/null | sed -n 's/^ *Candidate: //p')
    if dpkg --compare-versions "${packaged:-0}" ge 1.27 2>/dev/null; then
        packages+=(kubernetes-client)
    else
        packages+=(golang-go)
    fi
fi

[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed (needs root and apt): ${packages[*]}" >&2
    exit 0
fi
echo "installing ${packages[*]}" >&2
apt-get update -qq
# The packages would start daemons of their own where an init system runs; ours are started by tests.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
if ! command -v kubectl >/dev/null && ! command -v kustomize >/dev/null; then
    GOBIN=/usr/local/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.0.3 \
        || echo "kustomize can not be built here" >&2
fi
