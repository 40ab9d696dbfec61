#!/usr/bin/env bash
# The tests, and beside them the container job, which mostly waits for disks and installs: one after
# the other they would take as long again. Fails if either does; what the job said is shown at the end.
#
#   run_all_tests.sh PYTHON yes|no       no leaves the container job out, by name
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
containers=$2

stop_job() {
    # Its whole process group: an engine of its own must not outlive it.
    if [ -n "${job:-}" ]; then kill -TERM -- "-$job" 2>/dev/null || echo "the container job has ended" >&2; fi
}

if [ "$containers" != no ]; then
    mkdir -p var
    log=var/container-job.log
    set -m
    bash scripts/container_job.sh "$python" >"$log" 2>&1 &
    job=$!
    set +m
    trap stop_job INT TERM
fi

status=0
if [ "$containers" = no ]; then
    "$python" -m pytest --cov --cov-report=term || status=$?
else
    "$python" -m pytest --cov --cov-report=term --ignore=tests/containers || status=$?
fi
"$python" -m coverage report --include='podforecast/domain/*' --fail-under=100 || status=$?

if [ -n "${job:-}" ]; then
    echo "waiting for the container job; it writes $log"
    wait "$job" || status=$?
    cat "$log"
fi
exit "$status"
