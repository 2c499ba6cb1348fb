#!/usr/bin/env bash
# The whole miner against simulated validators and vendors, in $MINER_HOME/sandbox: no keys, no chain, no network.
# Called by start-miner.sh --sandbox.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
home=$MINER_HOME/sandbox
binaries=$root/target/sandbox
stage() { printf '\n==> %s\n' "$1"; }

for tool in cargo cc; do
    if ! command -v "$tool" >/dev/null; then
        echo "error: $tool is missing; scripts/setup.sh says how to get what is needed" >&2
        exit 1
    fi
done

stage "building (some minutes the first time)"
(cd "$root" && cargo build --profile sandbox --locked --bins)

stage "preparing $home"
"$binaries/sandbox" prepare --home "$home"

stage "starting the four daemons and the sandbox"
"$binaries/minerctl" --home "$home" up --detach

stage "the first validator tasks"
"$binaries/sandbox" watch --home "$home" --tasks 12 --timeout 60

cat <<TEXT

It goes on in the background. To look further:
  scripts/check-status.sh                                   what runs, what it did, what it used
  $binaries/sandbox watch --home $home --tasks 50    more tasks
  $binaries/minerctl --home $home logs      what the daemons say
  scripts/stop-miner.sh                                     stop it
TEXT
