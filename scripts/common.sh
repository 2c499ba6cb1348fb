# Shared by the scripts: where things are. Sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MINER_HOME=${MINER_HOME:-$root}
if [[ $MINER_HOME != /* ]]; then
    MINER_HOME=$PWD/$MINER_HOME
fi
export MINER_HOME

# Prints the path of the newest minerctl, or says how to get one and fails.
minerctl() {
    local candidate newest=
    for candidate in "$root"/target/{release,sandbox,debug}/minerctl "$root"/bin/minerctl; do
        if [[ -x $candidate && ( -z $newest || $candidate -nt $newest ) ]]; then
            newest=$candidate
        fi
    done
    if [[ -z $newest ]]; then
        echo "error: there are no binaries yet; run scripts/setup.sh, or scripts/start-miner.sh --sandbox to try the miner" >&2
        return 1
    fi
    printf '%s' "$newest"
}

# Builds all binaries with profile $1. What an interrupted build has finished is not built again.
build() {
    (cd "$root" && cargo build --profile "$1" --locked --bins --target-dir "$root/target")
}

# Prints how many MiB are free where $1 is.
free_mib() { df --output=avail --block-size=1M "$1" | tail -n 1 | tr -d ' '; }

# Whether a process holds lock $2 in home $1.
holds() { [[ -e $1/run/$2.lock ]] && ! flock --nonblock --shared "$1/run/$2.lock" true; }

# Whether anything runs in home $1.
runs_in() { holds "$1" supervisor || holds "$1" miner-daemon; }

# Prints the home that is meant: MINER_HOME, or its sandbox if only that one runs.
running_home() {
    if ! runs_in "$MINER_HOME" && runs_in "$MINER_HOME/sandbox"; then
        printf '%s/sandbox' "$MINER_HOME"
    else
        printf '%s' "$MINER_HOME"
    fi
}
