#!/usr/bin/env bash
# Measures the miner as a whole against an instant vendor, beside the real Python axon, and prints the figures with machine and
# date. Takes some minutes; run it on an otherwise idle machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/python-env.sh
echo "==> building (release)" >&2
cargo build --release --locked --bins
cargo build --release --locked --package daemon-kit --example ipc_round_trip
exec .venv/bin/python scripts/bench/bench.py target/release
