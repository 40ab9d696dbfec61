#!/usr/bin/env bash
# The checks, the tests, and beside them what mostly waits: the training of the model that tests need,
# installs, and the container job. One after the other they would take twice as long. Fails if any of
# them does; what the container job said is shown at the end.
#
#   run_all_tests.sh PYTHON yes|no       no leaves the container job out, by name
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
containers=$2
# Fixtures wait for this training instead of beginning one, see tests/conftest.py. It comes first: a
# leak of a quarter of an hour is watched with its model, and everything ends with that.
export PODFORECAST_TRAINING_BEGUN=$PWD/var/training
trained=$PODFORECAST_TRAINING_BEGUN.exit
begun=()

begin() {
    local log=$1
    shift
    # A process group of its own: what it starts must not outlive it.
    set -m
    "$@" >"$log" 2>&1 &
    set +m
    begun+=($!)
}

stop_all() {
    local job
    for job in "${begun[@]}"; do
        if kill -TERM -- "-$job" 2>/dev/null; then echo "stopped: what still ran beside the tests" >&2; fi
    done
}

train() {
    local code=0
    "$python" train_model.py --out "$PODFORECAST_TRAINING_BEGUN" --json \
        >"$PODFORECAST_TRAINING_BEGUN/report.json" || code=$?
    echo "$code" >"$trained.part"
    mv "$trained.part" "$trained"
}

# After the training, whose result is waited for longer than these images.
test_containers() {
    for _ in $(seq 300); do
        [ ! -e "$trained" ] || break
        sleep 1
    done
    bash scripts/container_job.sh "$python"
}

trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

rm -rf "$PODFORECAST_TRAINING_BEGUN" "$trained"
mkdir -p "$PODFORECAST_TRAINING_BEGUN"
begin var/training.log train
begin var/components.log bash scripts/install_components.sh
components=$!
"${MAKE:-make}" --no-print-directory check
wait "$components" || {
    cat var/components.log
    exit 1
}
cat var/components.log

tests=(-m pytest --cov --cov-report=term --durations=20)
if [ "$containers" != no ]; then
    log=var/container-job.log
    begin "$log" test_containers
    job=$!
    tests+=(--ignore=tests/containers)
fi

status=0
"$python" "${tests[@]}" || status=$?
"$python" -m coverage report --include='podforecast/domain/*' --fail-under=100 || status=$?

if [ -n "${job:-}" ]; then
    echo "waiting for the container job; it writes $log"
    wait "$job" || status=$?
    cat "$log"
fi
exit "$status"
