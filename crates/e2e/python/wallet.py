"""Makes or opens a wallet with the SDK of this environment. The password is the line on stdin; what was seen is printed as JSON."""

import json
import os
import sys

# The wallet's native code talks on stdout.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

try:
    from bittensor_wallet import Wallet
except ImportError:  # SDK 11 has its own.
    from bittensor.wallet import Wallet

what, path, name, hotkey, *more = sys.argv[1:]
password = sys.stdin.readline().rstrip("\n")
wallet = Wallet(name=name, hotkey=hotkey, path=path)
if what == "make":
    crypto_type, cold_words, hot_words = int(more[0]), more[1], more[2]
    wallet.regenerate_coldkey(
        mnemonic=cold_words, use_password=True, coldkey_password=password, suppress=True, crypto_type=crypto_type
    )
    wallet.regenerate_hotkey(mnemonic=hot_words, use_password=False, suppress=True, crypto_type=crypto_type)
seen = {
    "coldkeypub": wallet.coldkeypub.ss58_address,
    "hotkey": wallet.hotkey.ss58_address,
    "hotkeypub": wallet.hotkeypub.ss58_address,
}
if what == "open":
    coldkey = wallet.get_coldkey(password)
    seen |= {"coldkey": coldkey.ss58_address, "signature": coldkey.sign(b"hello").hex()}
json.dump(seen, answer)
