#!/usr/bin/env bash
# Makes .venv with the real Bittensor SDK and an independent vendor server, .venv-sdk11 with the newest SDK and .venv-sdk9
# with the one before the last, whose needs contradict each other's; for tests and benchmarks. The miner needs no Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# make VENV REQUIREMENTS
make() {
    local venv=$PWD/$1 requirements=$2
    if cmp -s "$requirements" "$venv/installed"; then
        return
    fi
    echo "==> installing $requirements into $1" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$venv/installed"
}

make .venv scripts/test-requirements.txt
make .venv-sdk11 scripts/test-requirements-sdk11.txt
make .venv-sdk9 scripts/test-requirements-sdk9.txt
