#!/usr/bin/env bash
# Starts the four daemons in MINER_HOME (default: this checkout) and returns when they are ready.
#   --sandbox   in $MINER_HOME/sandbox instead, with simulated validators and vendors; builds what is missing
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
"")
    command=$(minerctl)
    "$command" up --detach
    exec "$command" status
    ;;
--sandbox)
    exec "$root/scripts/sandbox.sh"
    ;;
*)
    echo "usage: $0 [--sandbox]" >&2
    exit 2
    ;;
esac
