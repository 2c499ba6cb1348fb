#!/usr/bin/env bash
# Makes .venv with the real Bittensor SDK and an independent vendor server, for tests and benchmarks. The miner needs no Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$PWD/.venv
requirements=scripts/test-requirements.txt
if ! cmp -s "$requirements" "$venv/installed"; then
    echo "==> installing $requirements into .venv" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$venv/installed"
fi
