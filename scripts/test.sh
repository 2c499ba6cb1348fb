#!/usr/bin/env bash
# Installs what the tests need and runs everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/python-env.sh
export MINER_TEST_VENV=$PWD/.venv
export MINER_TEST_VENV_SDK11=$PWD/.venv-sdk11
export MINER_TEST_VENV_SDK9=$PWD/.venv-sdk9

echo "==> building"
# All targets: binaries alone would have other features of the dependencies, and those would be built twice.
cargo build --workspace --all-targets --locked
echo "==> testing"
cargo test --workspace --locked "$@"
