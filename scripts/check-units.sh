#!/usr/bin/env bash
# Checks the systemd units: no complaint of systemd's own, and an exposure of at most 1.5 of 10 for the system's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/systemd"

directory=$(mktemp --directory)
trap 'rm --recursive "$directory"' EXIT
for kind in system user; do
    mkdir "$directory/$kind"
    for unit in "$kind"/*; do
        # The programs are not installed where this runs.
        sed --regexp-extended 's|^ExecStart=[^ ]+|ExecStart=/bin/true|' "$unit" >"$directory/$unit"
    done
    complaints=$(XDG_RUNTIME_DIR=$directory systemd-analyze "--$kind" verify --man=no "$directory/$kind"/* 2>&1 || true)
    if [[ -n $complaints ]]; then
        echo "error: systemd complains about the $kind units:" >&2
        echo "$complaints" >&2
        exit 1
    fi
done
for unit in "$directory"/system/*.service; do
    # The threshold counts in tenths.
    if ! judged=$(systemd-analyze security --offline=true --threshold=15 "$unit" 2>&1); then
        echo "error: $(basename "$unit") is too exposed:" >&2
        grep --invert-match ✓ <<<"$judged" >&2
        exit 1
    fi
    tail --lines=1 <<<"$judged"
done
