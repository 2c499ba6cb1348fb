#!/usr/bin/env bash
# What must hold before the tests are worth running: format, lints, documentation, shell scripts, layers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Makes sure that a tool is there: on a machine of CI it is installed, elsewhere it is the user's to install.
need() {
    local tool=$1 package=$2
    if command -v "$tool" >/dev/null; then
        return
    fi
    if [[ ${CI:-} != true ]]; then
        echo "error: $tool is missing; install it with: sudo apt-get install $package" >&2
        exit 1
    fi
    echo "==> installing $package"
    apt-get update --quiet --quiet
    apt-get install --yes --quiet --quiet "$package" >/dev/null
}
need shellcheck shellcheck
need systemd-analyze systemd

echo "==> format"
cargo fmt --all --check
echo "==> shell scripts"
shellcheck --external-sources scripts/*.sh .ci/run
echo "==> systemd units"
scripts/check-units.sh
echo "==> lints"
cargo clippy --workspace --all-targets --locked -- --deny warnings
echo "==> documentation"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked
echo "==> layers"
# With the features of the whole workspace, so that the tests need not build the dependencies again.
cargo test --locked --workspace --test layers
