"""What the newest SDK makes of the chain at the URL given: reads it, registers a neuron, serves its axon, and prints what it saw."""

import json
import sys

import bittensor as bt
from bittensor.sp_core import Keypair


class Keys:
    """A wallet of development keys."""

    def __init__(self, name):
        self.coldkey = Keypair.create_from_uri(f"//{name}")
        self.coldkeypub = self.coldkey
        self.hotkey = Keypair.create_from_uri(f"//{name}//hot")


url, netuid = sys.argv[1], int(sys.argv[2])
eve = Keys("Eve")
chain = bt.Subtensor(url)
seen = {"spec": chain.spec_version, "block": chain.block}
seen["balance"] = int(chain.balances.get(eve.coldkey.ss58_address).rao)

register = bt.calls.SubtensorModule.burned_register(netuid=netuid, hotkey=eve.hotkey.ss58_address)
seen["registered"] = chain.submit_call(register, eve).success
serve = bt.intents.ServeAxon(netuid=netuid, ip="10.0.0.9", port=8091)
seen["served"] = chain.execute(serve, eve).success

graph = chain.subnets.metagraph(netuid)
seen["uids"] = [neuron.uid for neuron in graph]
seen["axon"] = graph.neuron(4).axon
neurons = chain.neurons.all(netuid)
seen["permits"] = [neuron.validator_permit for neuron in neurons]
seen["stakes"] = [int(neuron.total_stake.rao) for neuron in neurons]
print(json.dumps(seen))
