"""Measures the miner as a whole: CPU, latency, throughput, start-up, memory; the real Python axon in the same run.

The requests are signed by the sandbox's own signer. The vendor answers at once, so what is measured is what the miner adds.
Argument: the directory with the release binaries.
"""

import datetime
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BINARIES = pathlib.Path(sys.argv[1]).resolve()
DAEMONS = ["miner_daemon", "task_handler", "tracker", "wallet_manager"]
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow"
HOTKEY = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe"
CONNECTIONS = 16
RATE = 300
TICKS = os.sysconf("SC_CLK_TCK")


def run(name, *args, **kwargs):
    return subprocess.run([BINARIES / name, *map(str, args)], check=True, capture_output=True, text=True, **kwargs)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise SystemExit(f"nothing listens on port {port}")


def cpu_seconds(pid):
    """User and system time of a process and its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} is gone")


def load(port, hotkey, *args):
    target = ["--port", port, "--hotkey", hotkey, "--key-uri", "//Alice"]
    return json.loads(run("sandbox", "load", *target, *args).stdout)


def load_miner(port, hotkey, *args):
    result = load(port, hotkey, *args)
    if result["ok"] != result["sent"]:
        raise SystemExit(f"not all requests were answered: {json.dumps(result)}")
    return result


def prepare_home(home, miner_port, vendor_port):
    """A sandbox's home without its validators, for one signer and with limits that do not get in the way."""
    run("sandbox", "prepare", "--home", home, "--port", miner_port, "--seed", 1)
    config = home / "config"
    (config / "sandbox.json").unlink()
    miner = json.loads((config / "miner-config.json").read_text())
    miner["callers"] = {"policy": "listed", "allow": [ALICE]}
    miner["listeners"][0]["address"] = f"127.0.0.1:{miner_port}"
    for vendor in miner["vendors"].values():
        vendor["base_url"] = f"http://127.0.0.1:{vendor_port}/v1"
    (config / "miner-config.json").write_text(json.dumps(miner))
    limits = [
        {"name": window, "window": window, "max_tokens": 10**12} for window in ("minute", "day", "month", "total")
    ]
    (config / "token-budgets.json").write_text(json.dumps({"version": 1, "limits": limits}))


def measure_miner(home, port):
    status = json.loads(run("minerctl", "--home", home, "--json", "status").stdout)
    pids = {name: status[name]["running"]["process"]["pid"] for name in DAEMONS}
    hotkey = status["miner_daemon"]["running"]["hotkey"]
    load_miner(port, hotkey, "--closed", CONNECTIONS, "--requests", 500)  # warm-up
    before = sum(map(cpu_seconds, pids.values()))
    closed = load_miner(port, hotkey, "--closed", CONNECTIONS, "--requests", 10_000)
    cpu = sum(map(cpu_seconds, pids.values())) - before
    opened = load_miner(port, hotkey, "--rate", RATE, "--connections", CONNECTIONS, "--seconds", 20)
    return {
        "cpu_us": cpu / closed["sent"] * 1e6,
        "closed": closed,
        "open": opened,
        "rss": {name: resident_mib(pid) for name, pid in pids.items()},
    }


def start_up(home):
    """Times from the command to all four daemons answering, in milliseconds."""
    times = []
    for _ in range(7):
        run("minerctl", "--home", home, "down")
        started = time.monotonic()
        run("minerctl", "--home", home, "up", "--detach")
        times.append((time.monotonic() - started) * 1e3)
    return times


def measure_axon():
    port = free_port()
    script = pathlib.Path(__file__).with_name("axon.py")
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, script, str(port), MNEMONIC], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_port(port)
        ready = time.monotonic() - started
        load(port, HOTKEY, "--closed", CONNECTIONS, "--requests", 50)  # warm-up
        before = cpu_seconds(process.pid)
        # It refuses some of these: its nonces must come in order, which concurrent requests do not.
        closed = load(port, HOTKEY, "--closed", CONNECTIONS, "--requests", 500)
        cpu = cpu_seconds(process.pid) - before
        return {"cpu_us": cpu / closed["sent"] * 1e6, "closed": closed, "ready": ready, "rss": resident_mib(process.pid)}
    finally:
        process.kill()
        process.wait()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="miner-bench-"))
    miner_port, vendor_port = free_port(), free_port()
    vendor = subprocess.Popen(
        [BINARIES / "sandbox", "vendor", "--port", str(vendor_port), "--instant"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(vendor_port)
        prepare_home(home, miner_port, vendor_port)
        starts = start_up(home)
        miner = measure_miner(home, miner_port)
        run("minerctl", "--home", home, "down")
        ipc = json.loads(run("examples/ipc_round_trip").stdout)
        axon = measure_axon()
    finally:
        subprocess.run([BINARIES / "minerctl", "--home", home, "down"], capture_output=True, check=False)
        vendor.kill()
        vendor.wait()
        shutil.rmtree(home)

    rows = [
        ("CPU per request, all four daemons", f"{miner['cpu_us']:.0f} us", "<= 400 us", f"{axon['cpu_us']:.0f} us"),
        ("added latency p50, open loop", f"{miner['open']['p50_us'] / 1e3:.2f} ms", "<= 1.5 ms", ""),
        ("added latency p99, open loop", f"{miner['open']['p99_us'] / 1e3:.2f} ms", "<= 6 ms", ""),
        (
            "throughput, closed loop",
            f"{miner['closed']['requests_per_s']:.0f}/s",
            "",
            f"{axon['closed']['requests_per_s']:.0f}/s",
        ),
        ("start-up to ready (median of 7)", f"{statistics.median(starts):.0f} ms", "<= 150 ms", f"{axon['ready'] * 1e3:.0f} ms"),
        *((f"resident memory, {name}", f"{mib:.1f} MiB", "<= 25 MiB", "") for name, mib in miner["rss"].items()),
        ("resident memory, Python axon", "", "", f"{axon['rss']:.1f} MiB"),
        ("IPC round trip of 1 KiB p50", f"{ipc['ipc_p50_us']:.1f} us", "", ""),
        ("bare socket ping-pong of 1 KiB p50", f"{ipc['bare_p50_us']:.1f} us", "", ""),
    ]
    print(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {processor()}")
    print(f"open loop: {RATE} requests/s over {CONNECTIONS} connections; closed loop: {CONNECTIONS} connections, 10,000 requests")
    print(f"load generator and vendor run on the same cores; machine load at the end {os.getloadavg()[0]:.1f}\n")
    print(f"{'figure':38} {'miner':>12} {'aim':>12} {'Python axon 10.5.0':>20}")
    for name, ours, aim, theirs in rows:
        print(f"{name:38} {ours:>12} {aim:>12} {theirs:>20}")


main()
