#!/usr/bin/env bash
# Starts the four daemons in MINER_HOME (default: this checkout) and returns when they are ready.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command=$(minerctl)
"$command" up --detach
exec "$command" status
