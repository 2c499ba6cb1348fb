#!/usr/bin/env bash
# Installs what the tests need and runs everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/python-env.sh
export MINER_TEST_VENV=$PWD/.venv

echo "==> building"
cargo build --workspace --bins --locked
echo "==> testing"
cargo test --workspace --locked "$@"
