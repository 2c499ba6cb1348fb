#!/usr/bin/env bash
# Fuzzes what reads validators' requests: fuzz.sh SECONDS for each target, from the golden requests on. Needs a nightly
# compiler (rustup toolchain install nightly) and cargo-fuzz (cargo install cargo-fuzz). Ends at the first crash, with the input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS}
if ! cargo +nightly fuzz --version > /dev/null 2>&1; then
    echo "cargo-fuzz is missing: rustup toolchain install nightly && cargo install cargo-fuzz" >&2
    exit 1
fi
python3 fuzz/seed.py fuzz/corpus
for target in heads bodies; do
    echo "==> $target for $seconds s" >&2
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024
done
