#!/usr/bin/env bash
# Runs the sandbox in a throw-away home, kills a random daemon with -9 every few seconds, and holds the books against each
# other at the end. Exit code 0: exact; 4: not, and the home is kept to look into.
#   soak.sh [MINUTES]     10 if not given
#   SOAK_SEED=N           the same kills and tasks again
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
minutes=${1:-10}
seed=${SOAK_SEED:-$RANDOM}
binaries=$root/target/sandbox
daemons=(miner-daemon task-handler tracker wallet-manager)
if [[ ! $minutes =~ ^[1-9][0-9]*$ || ! $seed =~ ^[0-9]+$ ]]; then
    echo "usage: [SOAK_SEED=N] $0 [MINUTES]" >&2
    exit 2
fi

echo "==> building"
build sandbox
directory=$(mktemp --directory)
home=$directory/home
verdict=unknown
finish() {
    "$binaries/minerctl" --home "$home" down >/dev/null 2>&1 || true
    if [[ $verdict == 0 ]]; then
        rm --recursive "$directory"
    else
        echo "the home is kept: $home" >&2
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# The ledger alone first: killed again and again under a thousand tasks at once against a vendor that answers immediately.
echo "==> kills of task-handler under a thousand tasks"
(cd "$root" && LEDGER_KILLS=$((minutes * 10)) cargo test --profile sandbox --locked --package task-handler --test process -- kills)

"$binaries/sandbox" prepare --home "$home" --seed "$seed"
# A limit that the preferred model reaches now and then: calls fall to the next one, and no minute may ever be over it.
sed --in-place 's|"limits": \[|&\n    { "name": "soak", "scope": { "model": "gpt-5.4-mini" }, "window": "minute", "max_tokens": 8000 },|' \
    "$home/config/token-budgets.json"
"$binaries/minerctl" --home "$home" up --detach

echo "==> $minutes min of kills, seed $seed"
RANDOM=$seed
declare -A kills=()
end=$((SECONDS + minutes * 60))
while ((SECONDS < end)); do
    sleep "$((2 + RANDOM % 5)).$((RANDOM % 10))"
    daemon=${daemons[RANDOM % ${#daemons[@]}]}
    if holds "$home" "$daemon"; then
        kill -KILL "$(<"$home/run/$daemon.lock")" 2>/dev/null || continue
        kills[$daemon]=$((${kills[$daemon]:-0} + 1))
    fi
done
for daemon in "${daemons[@]}"; do
    printf '%6s kills of %s\n' "${kills[$daemon]:-0}" "$daemon"
done

echo "==> recovering, stopping, auditing"
"$binaries/minerctl" --home "$home" status --wait 60 >/dev/null
"$binaries/minerctl" --home "$home" down
# Records that were still on their way at the stop are carried on by the daemons alone, without new tasks.
for daemon in tracker task-handler miner-daemon; do
    "$binaries/$daemon" --home "$home" 2>/dev/null &
done
"$binaries/sandbox" audit --home "$home" --wait 60 && verdict=0
