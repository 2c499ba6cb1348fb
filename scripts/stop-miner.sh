#!/usr/bin/env bash
# Stops whatever runs in MINER_HOME (default: this checkout) or in its sandbox, waits until it has stopped, and says so.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command=$(minerctl)
exec "$command" --home "$(running_home)" down
