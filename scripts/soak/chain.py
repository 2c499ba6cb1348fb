"""Cuts the miner's connection to the sandbox's chain again and again, and judges what came of it.

Arguments: minerctl, the home, minutes.
"""

import asyncio
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import time

import websockets

MINERCTL, HOME, MINUTES = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
CHAIN = json.loads((HOME / "config/sandbox.json").read_text())["chain"]
URL = f"ws://{CHAIN['address']}"
PORT = int(CHAIN["address"].rsplit(":", 1)[1])
# One for the miner; another may be in the making when one looks.
MOST_CONNECTIONS = 2
# More than this from the end of the first quarter to the end is growth.
MOST_GROWTH_MIB = 8


async def cut():
    async with websockets.connect(URL) as socket:
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "dev_dropConnections", "params": []}))
        try:
            await asyncio.wait_for(socket.recv(), 5)
        except websockets.ConnectionClosed:
            pass  # That was the wish.


def status():
    done = subprocess.run([MINERCTL, "--home", HOME, "status", "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    raise SystemExit(f"process {pid} is gone")


def connections():
    """Established connections to the chain's port, from /proc/net/tcp: state 01, remote port in hex."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(fields[3] == "01" and int(fields[2].split(":")[1], 16) == PORT for fields in map(str.split, lines))


def sample(cuts):
    now = status()
    miner = resident_mib(now["miner_daemon"]["running"]["process"]["pid"])
    chain = resident_mib(now["sandbox"]["running"]["pid"])
    print(f"{cuts:5} cuts; miner-daemon {miner} MiB, sandbox {chain} MiB, {connections()} connections", flush=True)
    return miner, chain


def epochs():
    database = sqlite3.connect(HOME / "state/tracker.db")
    blocks = [row[0] for row in database.execute("SELECT block FROM epochs ORDER BY block")]
    return blocks, database.execute("SELECT count(*) FROM epoch_gaps").fetchone()[0]


cuts, early, start = 0, None, time.monotonic()
while (passed := time.monotonic() - start) < MINUTES * 60:
    time.sleep(random.uniform(2, 20))
    asyncio.run(cut())
    cuts += 1
    if cuts % 10 == 0:
        sample(cuts)
    if early is None and passed > MINUTES * 15:
        early = sample(cuts)

# Time for the last epochs to become final and arrive.
time.sleep(20)
late = sample(cuts)
blocks, gaps = epochs()
missed = [block for block in range(blocks[0], blocks[-1], CHAIN["tempo"]) if block not in set(blocks)]
growth = [now - then for now, then in zip(late, early or late)]
print(f"{len(blocks)} epochs from block {blocks[0]} to {blocks[-1]}; {len(missed)} missed, {gaps} gaps")
print(f"growth since the first quarter: miner-daemon {growth[0]} MiB, sandbox {growth[1]} MiB")
bad = missed or gaps or connections() > MOST_CONNECTIONS or max(growth) > MOST_GROWTH_MIB
sys.exit(4 if bad else 0)
