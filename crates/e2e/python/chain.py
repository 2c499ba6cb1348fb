"""Acts on a development chain through the newest SDK: chain.py URL (register HOTKEY | axon UID | weigh UID). Prints JSON."""

import json
import sys

import bittensor as bt
from bittensor.sp_core import Keypair

NETUID = 2


class Keys:
    """A wallet of development keys."""

    def __init__(self, coldkey, hotkey):
        self.coldkey = Keypair.create_from_uri(coldkey)
        self.coldkeypub = self.coldkey
        self.hotkey = Keypair.create_from_uri(hotkey)


def register(chain, hotkey):
    call = bt.calls.SubtensorModule.burned_register(netuid=NETUID, hotkey=hotkey)
    assert chain.submit_call(call, Keys("//Eve", "//Eve//hk")).success
    graph = chain.subnets.metagraph(NETUID)
    return next(neuron.uid for neuron in graph if neuron.hotkey == hotkey)


def axon(chain, uid):
    return chain.subnets.metagraph(NETUID).neuron(int(uid)).axon


def weigh(chain, uid):
    # The validator's hotkey signs for itself.
    validator = Keys("//Bob//hk", "//Bob//hk")
    call = bt.calls.SubtensorModule.set_weights(netuid=NETUID, dests=[int(uid)], weights=[65535], version_key=0)
    return chain.submit_call(call, validator).success


chain = bt.Subtensor(sys.argv[1])
commands = {"register": register, "axon": axon, "weigh": weigh}
print(json.dumps(commands[sys.argv[2]](chain, *sys.argv[3:])))
