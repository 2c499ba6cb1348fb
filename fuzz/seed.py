"""Writes the golden requests as a corpus: seed.py DIRECTORY."""

import base64
import json
import pathlib
import sys

here = pathlib.Path(__file__).parent
golden = here.parent / "crates/bittensor/tests/data"
corpus = pathlib.Path(sys.argv[1])


def write(target, number, content):
    directory = corpus / target
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"golden-{number}").write_bytes(content)


number = 0
for name, key in (("btauth", "vectors"), ("epistula", "vectors"), ("synapse_requests", "cases")):
    for case in json.loads((golden / f"{name}.json").read_text())[key]:
        for request in case.get("requests", [case.get("request", case)]):
            if "headers" not in request:
                continue
            headers = request["headers"]
            pairs = headers.items() if isinstance(headers, dict) else headers
            target = request.get("target") or request.get("path")
            lines = [f"{request.get('method', 'POST')} {target}"] + [f"{name}: {value}" for name, value in pairs]
            body = base64.b64decode(request.get("body_base64") or "")
            number += 1
            write("heads", number, "\n".join(lines).encode() + b"\n\n" + body)
            write("bodies", number, body)
print(f"{number} golden requests")
