#!/usr/bin/env bash
# Runs the sandbox in a throw-away home at 4 blocks a second, cuts the miner's connection to the chain every few seconds, and looks
# at the end whether every epoch arrived, no connection leaked and memory stayed flat. Exit code 0: so it is; 4: not.
#   soak-chain.sh [MINUTES]     30 if not given
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
minutes=${1:-30}
binaries=$root/target/sandbox
if [[ ! $minutes =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: $0 [MINUTES]" >&2
    exit 2
fi

"$root/scripts/python-env.sh"
echo "==> building"
build sandbox
directory=$(mktemp --directory)
home=$directory/home
finish() {
    "$binaries/minerctl" --home "$home" down >/dev/null 2>&1 || true
    rm --recursive "$directory"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$binaries/sandbox" prepare --home "$home"
sed --in-place 's|"block_ms": [0-9]*|"block_ms": 250|; s|"tempo": [0-9]*|"tempo": 20|' "$home/config/sandbox.json"
"$binaries/minerctl" --home "$home" up --detach
"$root/.venv-sdk11/bin/python" "$root/scripts/soak/chain.py" "$binaries/minerctl" "$home" "$minutes"
