"""The real SDK as a validator: reads one JSON request a line, writes one JSON result a line.

A request is {"id", "uri", "host", "port", "hotkey", "synapse", "fields", "timeout"}. Requests run concurrently; results
come in the order in which they end.
"""

import asyncio
import json
import os
import sys

# The SDK logs to stdout; results have it for themselves.
RESULTS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from typing import List, Optional

import bittensor as bt
from bittensor.core.chain_data import AxonInfo
from bittensor.utils import networking

# The SDK asks services on the internet for this machine's address; the tests have no internet.
networking.get_external_ip = lambda: "203.0.113.7"


class PromptingSynapse(bt.Synapse):
    """As text subnets declare it: the hash fields are a pydantic field (the older style)."""

    roles: List[str]
    messages: List[str]
    completion: str = ""
    required_hash_fields: List[str] = ["messages"]


class LogicSynapse(bt.Synapse):
    logic_question: str = ""
    logic_answer: Optional[object] = ""
    logic_reasoning: Optional[str] = ""
    timeout: Optional[int] = 64


class IsAlive(bt.Synapse):
    answer: Optional[str] = None
    completion: str = ""


class StreamPrompting(bt.StreamingSynapse):
    """As streaming text subnets declare it: the pieces are plain text, and the headers are read raw."""

    roles: List[str]
    messages: List[str]
    completion: str = ""
    pieces: int = 0
    required_hash_fields: List[str] = ["messages"]

    async def process_streaming_response(self, response):
        async for chunk in response.content.iter_any():
            self.completion += chunk.decode()
            self.pieces += 1
            yield chunk.decode()

    def deserialize(self):
        return self.completion

    def extract_response_json(self, response):
        headers = {name.decode(): value.decode() for name, value in response.__dict__["_raw_headers"]}

        def info(prefix):
            return {key.split("_")[-1]: value for key, value in headers.items() if key.startswith(prefix)}

        return {
            "name": headers.get("name", ""),
            "timeout": float(headers.get("timeout", 0)),
            "total_size": int(headers["total_size"]),
            "header_size": int(headers["header_size"]),
            "dendrite": info("bt_header_dendrite"),
            "axon": info("bt_header_axon"),
            "roles": self.roles,
            "messages": self.messages,
            "completion": self.completion,
            "pieces": self.pieces,
        }


class CgSynapse(bt.Synapse):
    """As subnet 33 declares it."""

    time_elapsed: int = 0
    cgp_input: List[dict]
    cgp_output: Optional[List[dict]] = None


class Dummy(bt.Synapse):
    """As the subnet template declares it."""

    dummy_input: int
    dummy_output: Optional[int] = None


CLASSES = (PromptingSynapse, StreamPrompting, LogicSynapse, IsAlive, CgSynapse, Dummy, bt.Synapse)
SYNAPSES = {cls.__name__: cls for cls in CLASSES}


async def call(dendrites, request):
    uri = request["uri"]
    if uri not in dendrites:
        dendrites[uri] = bt.Dendrite(wallet=bt.Keypair.create_from_uri(uri))
    axon = AxonInfo(
        version=1,
        ip=request["host"],
        port=request["port"],
        ip_type=4,
        hotkey=request["hotkey"],
        coldkey=request["hotkey"],
    )
    synapse = SYNAPSES[request["synapse"]](**request["fields"])
    if isinstance(synapse, bt.StreamingSynapse):
        async for piece in dendrites[uri].call_stream(axon, synapse, timeout=request["timeout"], deserialize=False):
            result = piece
    else:
        results = await dendrites[uri].forward(
            axons=[axon], synapse=synapse, timeout=request["timeout"], deserialize=False, run_async=True
        )
        result = results[0]
    fields = {key: value for key, value in result.model_dump().items() if key not in ("dendrite", "axon")}
    return {
        "id": request["id"],
        "status": result.dendrite.status_code,
        "message": result.dendrite.status_message,
        "axon_hotkey": result.axon.hotkey,
        "fields": fields,
    }


async def main():
    dendrites = {}
    tasks = set()

    async def answer(request):
        try:
            result = await call(dendrites, request)
        except Exception as error:  # a broken client is a result, too
            result = {"id": request.get("id"), "status": None, "message": repr(error), "fields": {}}
        print(json.dumps(result), file=RESULTS, flush=True)

    loop = asyncio.get_running_loop()
    print(json.dumps({"ready": bt.__version__}), file=RESULTS, flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = asyncio.create_task(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


asyncio.run(main())
