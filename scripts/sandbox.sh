#!/usr/bin/env bash
# The whole miner against simulated validators and vendors, in $MINER_HOME/sandbox: no keys, no chain, no network.
# Called by start-miner.sh --sandbox. Run it as often as you like: what is done already is not done again.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
home=$MINER_HOME/sandbox
binaries=$root/target/sandbox
needed_mib=2560
stages=4
number=0

stage() {
    number=$((number + 1))
    doing=${1%% (*}
    printf '\n==> %s/%s  %s\n' "$number" "$stages" "$1"
}

# Says what an interrupted or failed stage leaves behind, and what to do.
leave() {
    local code=$?
    if ((code == 0)); then
        return
    fi
    echo >&2
    if ((code == 130)); then
        echo "stopped while $doing; nothing is broken: run this again to go on" >&2
    else
        echo "error: $doing did not work; the reason stands above" >&2
        local place
        for place in "$root" "$MINER_HOME"; do
            if (($(free_mib "$place") < 64)); then
                echo "the disk of $place is full: free some space and run this again; what is done already is kept" >&2
            fi
        done
    fi
    if runs_in "$home"; then
        echo "the sandbox runs in the background; scripts/stop-miner.sh stops it" >&2
    fi
}
trap leave EXIT
trap 'exit 130' INT TERM
doing="looking for what is needed"
mkdir -p "$MINER_HOME"

for tool in cargo cc flock; do
    if ! command -v "$tool" >/dev/null; then
        echo "error: $tool is missing; scripts/setup.sh says how to get what is needed" >&2
        exit 1
    fi
done
if [[ ! -x $binaries/sandbox ]] && (($(free_mib "$root") < needed_mib)); then
    echo "error: the build needs $needed_mib MiB, and $root has $(free_mib "$root") MiB free" >&2
    exit 1
fi

stage "building the programs (some minutes the first time; an interrupted build goes on where it was)"
build sandbox

stage "preparing $home"
"$binaries/sandbox" prepare --home "$home"

stage "starting the four daemons and the sandbox"
"$binaries/minerctl" --home "$home" up --detach

stage "waiting for the first validator tasks"
"$binaries/sandbox" watch --home "$home" --tasks 12 --timeout 60

cat <<TEXT

It goes on in the background. To look further:
  scripts/check-status.sh    what runs, what it did, what it used
  scripts/stop-miner.sh      stop it
  $(printf '%q watch --home %q' "$binaries/sandbox" "$home")    more tasks as they are judged
  $(printf '%q --home %q logs' "$binaries/minerctl" "$home")    what the daemons say
TEXT
