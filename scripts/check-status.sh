#!/usr/bin/env bash
# Shows what runs in MINER_HOME (default: this checkout) or in its sandbox, since when, what it did and what it used. --json for programs.
# Exit code: 0 all four daemons answer, 3 not all do, 1 or 2 an error.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command=$(minerctl)
exec "$command" --home "$(running_home)" status "$@"
