"""Lets task-handler answer a question with the model that real-model.sh serves, and holds the answer against the ledger.

check.py HOME PORT configure   writes the configuration of a home
check.py HOME PORT ask         waits for both servers, asks, prints what came of it; fails if the budget does not hold
"""

import json
import os
import socket
import struct
import sys
import time
import urllib.request
import uuid

CALLER = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
LIMIT = 1_000
PATIENCE_S = 60


def configure(home: str, port: int) -> None:
    os.makedirs(f"{home}/config", mode=0o700)
    os.chmod(home, 0o700)
    route = {
        "fields": {"question": {"type": "str"}, "answer": {"type": "Optional[str]", "default": None}},
        "hash_fields": ["question"],
        "action": {"task": {"prompt": {"field": "question"}, "answer": {"field": "answer"}}},
    }
    vendor = {
        "dialect": "openai-chat",
        "base_url": f"http://127.0.0.1:{port}/v1",
        # This server generates on and on if the cap comes in the newer field, and counts nothing in a stream.
        "cap_field": "max_tokens",
        "stream_usage": False,
        "models": {"smollm2": {"context_tokens": 2048, "max_output_tokens": 512}},
    }
    files = {
        "miner-config.json": {
            "version": 1,
            "listeners": [{"address": "127.0.0.1:8091", "netuids": [18]}],
            "callers": {"policy": "anyone"},
            "vendors": {"llama": vendor},
        },
        "subnet-profiles.json": {
            "version": 1,
            "subnets": {
                "18": {
                    "name": "real model",
                    "protocol": "synapse",
                    "max_tokens_per_task": 600,
                    "preferred_models": ["llama/smollm2"],
                    "routes": {"Ask": route},
                }
            },
        },
        "token-budgets.json": {
            "version": 1,
            "limits": [{"name": "check", "window": "total", "max_tokens": LIMIT}],
            "prices": {"smollm2": {"input_usd": 0, "output_usd": 0}},
        },
    }
    for name, content in files.items():
        with open(f"{home}/config/{name}", "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)


class Handler:
    """A connection to task-handler."""

    def __init__(self, home: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(f"{home}/run/task-handler.sock")
        self.requests = 0
        self.read()

    def read(self) -> dict:
        (length,) = struct.unpack(">I", self.exactly(4))
        return json.loads(self.exactly(length))

    def exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise EOFError("task-handler has hung up")
            data += piece
        return data

    def call(self, call: dict) -> dict:
        self.requests += 1
        request = {"request": {"id": self.requests, "remaining_ms": PATIENCE_S * 1000, "call": call}}
        frame = json.dumps(request).encode()
        self.socket.sendall(struct.pack(">I", len(frame)) + frame)
        return self.read()["response"]["reply"]


def until(what: str, attempt):
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return attempt()
        except OSError:
            if time.monotonic() > end:
                sys.exit(f"{what} did not get ready")
            time.sleep(0.2)


def task(number: int, question: str) -> dict:
    # A version 7 uuid, as the suite makes them.
    unix_ms = int(time.time() * 1000)
    identity = uuid.UUID(int=(unix_ms << 80) | (7 << 76) | (2 << 62) | number)
    return {
        "id": str(identity),
        "netuid": 18,
        "caller": CALLER,
        "route": "Ask",
        "task_type": "text",
        "messages": [{"role": "user", "content": question}],
        "max_tokens": 60,
    }


def ask(home: str, port: int) -> None:
    until("the model", lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).read())
    handler = until("task-handler", lambda: Handler(home))
    answered, spent = 0, 0
    for number in range(12):
        reply = handler.call({"submit_task": {"task": task(number, "What is the capital of France?")}})
        outcome = reply.get("ok", reply)
        if "answered" not in outcome:
            print(f"task {number}: {json.dumps(outcome)}")
            continue
        answered += 1
        spent += sum(outcome["answered"]["usage"].values())
        print(f"task {number}: {outcome['answered']['value']!r} {json.dumps(outcome['answered']['usage'])}")
    budget = handler.call({"budget_query": {}})["ok"]
    usage = budget["limits"][0]["usage"]
    print(f"ledger: {json.dumps(usage['settled'])} settled, {json.dumps(usage['reserved'])} reserved of {LIMIT} tokens")
    used = usage["settled"]["tokens"] + usage["reserved"]["tokens"]
    if answered == 0 or used > LIMIT or spent > usage["settled"]["tokens"]:
        sys.exit(f"{answered} answers used {spent} tokens, and the ledger has {used}")


if __name__ == "__main__":
    HOME, PORT, STEP = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    {"configure": configure, "ask": ask}[STEP](HOME, PORT)
