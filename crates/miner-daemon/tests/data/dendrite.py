"""Asks a miner with the unmodified dendrite of bittensor 10.5.0; prints what the dendrite saw as one line of JSON."""

import asyncio
import json
import sys
from typing import ClassVar, List, Optional

import aiohttp
import bittensor
from bittensor.utils import networking

# The dendrite looks its external address up on the internet, only to name it in a header.
networking.get_external_ip = lambda: "203.0.113.7"


class Prompting(bittensor.Synapse):
    roles: List[str]
    messages: List[str]
    completion: Optional[str] = None
    required_hash_fields: ClassVar[tuple[str, ...]] = ("messages",)


async def replay(dendrite, axon, synapse):
    """Sends the same signed request twice, as someone on the way could; returns what the second one came to."""
    synapse = dendrite.preprocess_synapse_for_request(axon, synapse, 12.0)
    url = dendrite._get_endpoint_url(axon, request_name="Prompting")
    headers, body = synapse.to_headers(), synapse.model_dump()
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(url, headers=headers, json=body) as response:
                dendrite.process_server_response(response, await response.json(), synapse)
    return synapse


async def main():
    question = json.loads(sys.argv[1])
    assert bittensor.__version__ == "10.5.0", bittensor.__version__
    keypair = bittensor.Keypair.create_from_uri(question["key"])
    axon = bittensor.AxonInfo(
        version=1, ip="127.0.0.1", port=question["port"], ip_type=4, hotkey=question["hotkey"], coldkey=""
    )
    messages = question["messages"]
    synapse = Prompting(roles=["user"] * len(messages), messages=messages)
    async with bittensor.Dendrite(wallet=keypair) as dendrite:
        if question.get("replay"):
            synapse = await replay(dendrite, axon, synapse)
        else:
            synapse = await dendrite.call(axon, synapse, timeout=12.0, deserialize=False)
    seen = {
        "status": synapse.dendrite.status_code,
        "message": synapse.dendrite.status_message,
        "axon_status": synapse.axon.status_code,
        "axon_hotkey": synapse.axon.hotkey,
        "is_success": synapse.is_success,
        "is_blacklist": synapse.is_blacklist,
        "failed_verification": synapse.failed_verification,
        "completion": synapse.completion,
    }
    print(json.dumps(seen))


asyncio.run(main())
