#!/usr/bin/env bash
# Prepares a real installation in MINER_HOME (default: this checkout): checks what is needed, builds, makes the directories,
# copies the example configuration, and offers to keep API keys. Nothing is installed or overwritten; run it as often as you like.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
needed_rust=1.95
needed_mib=4096
missing=0

ok() { printf '  ok       %s\n' "$1"; }
lacking() {
    printf '  MISSING  %s\n           fix: %s\n' "$1" "$2"
    missing=1
}
note() { printf '  note     %s\n' "$1"; }

# Whether version $1 is at least version $2.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort --version-sort | head -n 1) == "$2" ]]; }

echo "==> prerequisites"
if ! command -v cargo >/dev/null; then
    lacking "Rust (cargo)" "install it from https://rustup.rs, then open a new shell"
else
    found=$(rustc --version | cut -d' ' -f2)
    if at_least "$found" "$needed_rust"; then ok "Rust $found"; else lacking "Rust $needed_rust (found $found)" "rustup update stable"; fi
fi
if command -v cc >/dev/null; then
    ok "C compiler $(cc -dumpfullversion -dumpversion)"
else
    lacking "a C compiler (SQLite is built from its source)" "sudo apt-get install build-essential"
fi
free=$(free_mib "$root")
if ((free >= needed_mib)); then
    ok "disk space ($free MiB free)"
else
    lacking "disk space ($free of $needed_mib MiB free in $root)" "free some; the build needs most of it"
fi
if command -v timedatectl >/dev/null && [[ $(timedatectl show --property=NTPSynchronized --value 2>/dev/null) == no ]]; then
    note "the clock is not synchronised: validators refuse requests and answers when it is seconds off; see timedatectl set-ntp true"
fi
if ((EUID == 0)); then
    note "running as root works, but a user of its own is safer"
fi
if ((missing)); then
    echo "nothing was changed; fix the above and run this again" >&2
    exit 1
fi

echo "==> building the release binaries (some minutes the first time)"
build release
command=$root/target/release/minerctl

echo "==> directories and configuration in $MINER_HOME"
umask 077
mkdir -p "$MINER_HOME"/{config,state,run,logs}
chmod 700 "$MINER_HOME"/{config,state,run,logs}
for example in "$root"/config/examples/*.json; do
    target=$MINER_HOME/config/$(basename "$example")
    if [[ -e $target ]]; then
        ok "$target is kept as it is"
    else
        cp "$example" "$target"
        ok "$target"
    fi
done

# Offers to keep the API key of vendor $1.
offer() {
    local answer
    if "$command" --home "$MINER_HOME" --json credentials list | grep --quiet "\"name\": \"$1\""; then
        ok "$1 is kept already"
        return
    fi
    read -r -p "  keep a key for $1 now? [y/N] " answer
    if [[ $answer == [yY]* ]]; then
        "$command" --home "$MINER_HOME" credentials set "$1"
    fi
}

if [[ -t 0 ]]; then
    echo "==> API keys (encrypted at once, never shown)"
    offer openai
fi

echo "==> configuration check"
if "$command" --home "$MINER_HOME" config check; then
    echo "ready: set wallet, listeners and callers in $MINER_HOME/config, then run scripts/start-miner.sh"
else
    echo "edit the files named above in $MINER_HOME/config, then run: $command --home $MINER_HOME config check"
fi
