"""A validator over signed HTTP: reads one JSON request a line, writes one JSON result a line.

A request is {"protocol", "uri", "scheme", "port", "hotkey", "path", "body", "times"}. `btauth` is signed by the newest SDK's
own client; `epistula` as the public validators of version 2 sign (SN1 and SN4, 2024-11), with their secret signatures.
"""

import hashlib
import http.client
import json
import math
import os
import sys
import time
import uuid

# The SDK may log to stdout; results have it for themselves.
RESULTS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import bittensor as bt
from bittensor.sp_core import Keypair


class Keys:
    """A wallet of development keys: only the hotkey is used."""

    def __init__(self, key):
        self.coldkey = self.coldkeypub = self.hotkey = key


def btauth(key, request, body):
    return bt.http_auth.sign(
        Keys(key), method="POST", path=request["path"], body=body, receiver_ss58=request["hotkey"]
    )


def epistula(key, request, body):
    timestamp = round(time.time() * 1000)
    signed_for, number = request["hotkey"], str(uuid.uuid4())
    sign = lambda message: "0x" + key.sign(message.encode()).hex()
    interval = math.ceil(timestamp / 1e4) * 1e4
    return {
        "Epistula-Version": "2",
        "Epistula-Timestamp": str(timestamp),
        "Epistula-Uuid": number,
        "Epistula-Signed-By": key.ss58_address,
        "Epistula-Signed-For": signed_for,
        "Epistula-Request-Signature": sign(f"{hashlib.sha256(body).hexdigest()}.{number}.{timestamp}.{signed_for}"),
        "Epistula-Secret-Signature-0": sign(f"{interval - 1e4}.{signed_for}"),
        "Epistula-Secret-Signature-1": sign(f"{interval}.{signed_for}"),
        "Epistula-Secret-Signature-2": sign(f"{interval + 1e4}.{signed_for}"),
    }


PROTOCOLS = {"btauth": btauth, "epistula": epistula}


def ask(request):
    crypto_type = {"sr25519": 1, "ed25519": 0}[request.get("scheme", "sr25519")]
    key = Keypair.create_from_uri(request["uri"], crypto_type=crypto_type)
    body = json.dumps(request["body"]).encode()
    headers = PROTOCOLS[request["protocol"]](key, request, body) | {"Content-Type": "application/json"}
    # The same signed request as often as wished: what the last one came to is the result.
    for _ in range(request.get("times", 1)):
        connection = http.client.HTTPConnection("127.0.0.1", request["port"], timeout=30)
        connection.request("POST", request["path"], body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
    return {"status": response.status, "headers": dict(response.getheaders()), "text": text}


print(json.dumps({"ready": bt.__version__}), file=RESULTS, flush=True)
for line in sys.stdin:
    try:
        result = ask(json.loads(line))
    except Exception as error:  # a broken client is a result, too
        result = {"status": None, "headers": {}, "text": repr(error)}
    print(json.dumps(result), file=RESULTS, flush=True)
