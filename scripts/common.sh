# Shared by the scripts: where things are. Sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export MINER_HOME="${MINER_HOME:-$root}"

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

# Whether a process holds the supervisor's lock in home $1.
runs_in() { [[ -e $1/run/supervisor.lock ]] && ! flock --nonblock --shared "$1/run/supervisor.lock" true; }

# Prints the home that is meant: MINER_HOME, or its sandbox if only that one runs.
running_home() {
    if ! runs_in "$MINER_HOME" && runs_in "$MINER_HOME/sandbox"; then
        printf '%s/sandbox' "$MINER_HOME"
    else
        printf '%s' "$MINER_HOME"
    fi
}
