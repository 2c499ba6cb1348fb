#!/usr/bin/env bash
# Installs what the tests need (a Python environment with the real Bittensor SDK and a vendor server) and runs everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=$PWD/.venv
requirements=scripts/test-requirements.txt
if ! cmp -s "$requirements" "$venv/installed"; then
    echo "==> installing $requirements into .venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$venv/installed"
fi
export MINER_TEST_VENV=$venv

echo "==> building"
cargo build --workspace --bins --locked
echo "==> testing"
cargo test --workspace --locked "$@"
