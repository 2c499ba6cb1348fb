"""Writes data/dendrite.json: what the dendrite of the Python SDK 10.5.0 sends, for the queries that the sandbox sends.

Run with a Python that has bittensor 10.5.0: python golden.py
"""

import json
import pathlib
import time
from typing import ClassVar, List, Optional, Tuple

import bittensor as bt
from bittensor.core.chain_data import AxonInfo
from bittensor.utils import networking

NONCE = 1_795_347_353_940_085_383
UUID = "e043c240-e668-11f1-b38b-02fc00000001"
VALIDATOR = "//sandbox//7//validator//even"
MINER = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe"


class PromptingSynapse(bt.Synapse):
    roles: List[str]
    messages: List[str]
    completion: str = ""
    required_hash_fields: List[str] = ["messages"]


class LogicSynapse(bt.Synapse):
    logic_question: str = ""
    logic_answer: Optional[str] = ""
    logic_reasoning: Optional[str] = ""
    category: str = ""
    timeout: int = 64


class Wallet:
    hotkey = bt.Keypair.create_from_uri(VALIDATOR)


def prompting(*messages):
    return PromptingSynapse(roles=["user"] * len(messages), messages=list(messages))


CASES = [
    (prompting("Compute 2 * 3 - 4. Answer with the number only."), 12.0),
    (prompting("What's (12 + 3) * 4? Answer with the number only."), 4.0),
    (prompting('"name" is "Ada Marsh", "orders" is 41.'), 1.5),
    (prompting('It\'s "quoted" both ways \\ and back', "second"), 12.0),
    (prompting("tab\tnewline\nreturn\rbell\x07"), 12.0),
    (prompting(), 12.0),
    (LogicSynapse(logic_question="What's 1 + 1?", category="arithmetic"), 30.0),
    (LogicSynapse(), 12.0),
]


def main():
    assert bt.__version__ == "10.5.0", bt.__version__
    networking.get_external_ip = lambda: "127.0.0.1"
    dendrite = bt.Dendrite(wallet=Wallet.hotkey)
    dendrite.uuid = UUID
    axon = AxonInfo(version=1, ip="127.0.0.1", port=8091, ip_type=4, hotkey=MINER, coldkey=MINER)
    time.time_ns = lambda: NONCE
    cases = []
    for synapse, timeout in CASES:
        name = synapse.__class__.__name__
        sent = dendrite.preprocess_synapse_for_request(axon, synapse, timeout)
        cases.append(
            {
                "synapse": name,
                "fields": {key: getattr(sent, key) for key in type(sent).__annotations__ if key != "timeout"},
                "timeout": timeout,
                "message": f"{NONCE}.{Wallet.hotkey.ss58_address}.{MINER}.{UUID}.{sent.body_hash}",
                "headers": sent.to_headers(),
                "body": json.dumps(sent.model_dump()),
            }
        )
    golden = {"nonce": NONCE, "uuid": UUID, "validator": VALIDATOR, "hotkey": Wallet.hotkey.ss58_address, "cases": cases}
    path = pathlib.Path(__file__).parent / "data" / "dendrite.json"
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
