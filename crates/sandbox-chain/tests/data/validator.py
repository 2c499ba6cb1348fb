"""What a validator on the SDK in use does on the chain at the URL given: reads the metagraph, sets weights, and prints what came of it."""

import json
import sys

import bittensor as bt


class Keys:
    """A wallet of development keys."""

    name, hotkey_str = "alice", "hot"

    def __init__(self, name):
        self.coldkey = self.coldkeypub = bt.Keypair.create_from_uri(f"//{name}")
        self.hotkey = bt.Keypair.create_from_uri(f"//{name}//hot")

    def unlock_hotkey(self):
        return self.hotkey


url, netuid = sys.argv[1], int(sys.argv[2])
chain = bt.Subtensor(url)
graph = chain.metagraph(netuid)
seen = {"hotkeys": list(graph.hotkeys), "permits": [bool(permit) for permit in graph.validator_permit]}
answer = chain.set_weights(
    wallet=Keys("Alice"), netuid=netuid, uids=[2, 3], weights=[0.25, 0.75], wait_for_finalization=False
)
seen["set"] = answer.success
seen["weights"] = chain.weights(netuid)
print(json.dumps(seen))
