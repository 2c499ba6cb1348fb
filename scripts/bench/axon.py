"""The real 10.5.0 Python axon with an instant answer, to be measured beside the miner. Arguments: port, mnemonic."""

import sys
import time
from typing import List

import bittensor as bt
from bittensor.utils import networking

# The SDK asks services on the internet for this machine's address; a benchmark needs no internet.
networking.get_external_ip = lambda: "127.0.0.1"


class PromptingSynapse(bt.Synapse):
    roles: List[str]
    messages: List[str]
    completion: str = ""
    required_hash_fields: List[str] = ["messages"]


class Wallet:
    """A wallet of nothing but a hotkey: the axon asks for no more."""

    def __init__(self, mnemonic):
        self.hotkey = bt.Keypair.create_from_mnemonic(mnemonic)
        self.coldkeypub = self.hotkey


def forward(synapse: PromptingSynapse) -> PromptingSynapse:
    synapse.completion = "instant"
    return synapse


def main():
    port = int(sys.argv[1])
    axon = bt.Axon(
        wallet=Wallet(sys.argv[2]), port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port, max_workers=16
    )
    axon.attach(forward_fn=forward)
    axon.start()
    while True:
        time.sleep(3600)


main()
