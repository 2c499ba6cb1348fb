#!/usr/bin/env bash
# What must hold before the tests are worth running: format, lints, documentation, shell scripts, layers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v shellcheck >/dev/null; then
    if [[ ${CI:-} == true ]]; then
        echo "==> installing shellcheck"
        apt-get update --quiet --quiet
        apt-get install --yes --quiet --quiet shellcheck >/dev/null
    else
        echo "error: shellcheck is missing; install it with: sudo apt-get install shellcheck" >&2
        exit 1
    fi
fi

echo "==> format"
cargo fmt --all --check
echo "==> shell scripts"
shellcheck --external-sources scripts/*.sh .ci/run
echo "==> lints"
cargo clippy --workspace --all-targets --locked -- --deny warnings
echo "==> documentation"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked
echo "==> layers"
# With the features of the whole workspace, so that the tests need not build the dependencies again.
cargo test --locked --workspace --test layers
