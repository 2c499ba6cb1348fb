# Shared by the scripts: where things are. Sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export MINER_HOME="${MINER_HOME:-$root}"

# Prints the directory with the newest build of the binaries, or nothing.
binaries() {
    local profile newest=
    for profile in release sandbox debug; do
        if [[ -x $root/target/$profile/minerctl && ( -z $newest || $root/target/$profile/minerctl -nt $newest/minerctl ) ]]; then
            newest=$root/target/$profile
        fi
    done
    if [[ -z $newest && -x $root/bin/minerctl ]]; then
        newest=$root/bin
    fi
    printf '%s' "$newest"
}

# Prints the path of minerctl, or says how to get one and fails.
minerctl() {
    local dir
    dir=$(binaries)
    if [[ -z $dir ]]; then
        echo "error: there are no binaries yet; build them with: cargo build --release --locked" >&2
        return 1
    fi
    printf '%s/minerctl' "$dir"
}
