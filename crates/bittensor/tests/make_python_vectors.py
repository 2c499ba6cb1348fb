#!/usr/bin/env python3
"""Makes tests/data/python.json: what pydantic and Python make of JSON values, for the types a subnet profile allows.

Run with the Python of a validator (3.11, `pip install bittensor==10.5.0` brings the right pydantic):

    python tests/make_python_vectors.py > tests/data/python.json

With a number it adds that many random cases, for a differential run that is not kept.
"""

import hashlib
import json
import platform
import random
import sys
import unicodedata
from typing import Annotated, Any, Dict, List, Optional

import pydantic
from pydantic import AllowInfNan, BaseModel, create_model

# The reference axon fails on a float that is not finite when it answers; we refuse it when it comes.
Float = Annotated[float, AllowInfNan(False)]


class Message(BaseModel):
    role: str
    content: Any
    n: int = 0


class Node(BaseModel):
    name: Optional[str] = None
    weight: Float = 1
    children: Optional[List["Node"]] = None


MODELS = {
    "Message": {
        "role": {"type": "str"},
        "content": {"type": "Any"},
        "n": {"type": "int", "default": 0},
    },
    "Node": {
        "name": {"type": "Optional[str]", "default": None},
        "weight": {"type": "float", "default": 1},
        "children": {"type": "Optional[List[Node]]", "default": None},
    },
}

SCALARS = {"str": str, "int": int, "float": Float, "bool": bool, "Any": Any, "Message": Message, "Node": Node}


def python_type(text):
    if text in SCALARS:
        return SCALARS[text]
    outer, inner = text[:-1].split("[", 1)
    if outer == "Optional":
        return Optional[python_type(inner)]
    if outer == "List":
        return List[python_type(inner)]
    assert outer == "Dict" and inner.startswith("str, ")
    return Dict[str, python_type(inner[len("str, ") :])]


WRAPPERS = {}


def case(type_text, json_text):
    """What a synapse with a field of this type makes of the JSON; no `str` if it refuses."""
    if type_text not in WRAPPERS:
        WRAPPERS[type_text] = create_model("Wrapper", value=(python_type(type_text), ...))
    result = {"type": type_text, "json": json_text}
    try:
        # We refuse half a surrogate pair wherever it stands; Python only fails on it when it makes the hash of a text.
        json.dumps(json.loads(json_text, object_pairs_hook=list), ensure_ascii=False).encode()
        value = json.loads(json_text)
        result["str"] = str(WRAPPERS[type_text](value=value).model_dump()["value"])
    except (pydantic.ValidationError, ValueError):
        pass
    return result


TEXTS = [
    "", " ", "7", "+7", "-7", " 7 ", "7_0", "_7", "7_", "7__0", "-07", "007.0", "7.", "7.5", ".0", "-0.0", "+-7", "1e3",
    "0x10", "\u0663", "\uff17", "7\u00a0", "\u20037", "\x1c7", "\u200b7", "1_0.0", "1.0_0", "7_.0", "7._0", "9" * 40,
    "9" * 4300, "9" * 4301, "2.50", "2_5.0_1", "+1.5", ".5", "5.", "nan", "-Infinity", "1e400", "1e-400", "1._5", "1e_1", " 2_5", " 25\u00a0",
    "+_1", "1 2", "true", "tRuE", "yes", "on", "t", "Y", "off", "F", "no", " true", "2", "None", "it's", 'say "x"',
    "both ' and \"", "back\\slash", "nl\n tab\t cr\r", "\x00\x01\x1b\x7f\x80\x9f\xa0\xad", "\u00e9\u00df\u65e5\u672c",
    "\U0001f680", "e\u0301", "\u200b\u200d\u2028\u2029\ufeff\ufffe", "\U000e0001\U0010ffff\U0001f9ff",
    "\u0378\u05ff\u1c89\u2fe0\ua7cb", "\U0001fae0\U0001fae8\U0001fae9", "\u3000\u1680\u180e",
]
NUMBERS = [
    "0", "1", "2", "-1", "-0", "7", "9007199254740993", "9223372036854775807", "9223372036854775808", "1" + "0" * 30,
    "1" + "0" * 308, "1" + "0" * 309, "0.0", "-0.0", "1.0", "0.5", "7.0", "7.5", "1e3", "1E+3", "9223372036854774784.0",
    "9223372036854775808.0", "-9223372036854775808.0", "1e16", "123456789012345680.0", "9999999999999998.0", "1e-5",
    "0.0001", "0.1", "102069156970011.62", "12345678.125", "4503599627370497.5", "2251799813685248.25", "5e-324", "1.7976931348623157e308", "1e999", "NaN", "Infinity", "-Infinity", "01", "1.", "+1",
]
ODD = [
    "null", "true", "false", "[]", "{}", "[1]", '{"a": 1}', '[["a", 1]]', '{"a":1,"b":2,"a":3}', '{"":""}', '"\\ud800"',
    '"\\ud83d\\ude80"', '"\\udc00\\ud800"', "", "[1,]", "tru", '"\x01"', "'a'", "[1] 2", "\u00a01",
]
NESTED = {
    "List[str]": ["[]", '["a", "b"]', '["a", 1]', '["it\'s", "\\"", "\\n"]', "null", '"ab"', '{"0": "a"}'],
    "List[int]": ['[1, 2.0, "3", true]', "[1.5]"],
    "List[float]": ['[1, 2.5, "1e-7", true, 1e16]', "[NaN]"],
    "List[Any]": ['[1, 1.0, "1", null, true, [], {}, [["x"]], {"a": {"b": [1e16]}}]', "[NaN, Infinity]"],
    "List[List[float]]": ["[[1, 2], [0.5], []]", "[1]"],
    "Dict[str, str]": ['{"b": "1", "a": "2"}', '{"a": 1}', '{"a\'": "\\u00ad"}', "[]"],
    "Dict[str, int]": ['{"a": "7", "b": true, "a": 2}'],
    "Dict[str, Any]": ['{"s": "x", "f": 1.0, "n": null, "l": [1, "a", {"k": 2.5}], "big": 12345678901234567890}'],
    "Dict[str, Optional[float]]": ['{"a": null, "b": 1}'],
    "List[Dict[str, str]]": ['[{"role": "user", "content": "hi \\"x\\" \'y\'"}]', '[{"content": "c", "role": "r"}, {}]'],
    "Optional[List[str]]": ["null", "[]", '["None"]', "[null]"],
    "List[Optional[int]]": ['[null, 1, "2"]'],
    "Message": [
        '{"role": "user", "content": "hi"}', '{"content": {"k": [1, 2.0]}, "role": "r", "n": "3", "zzz": 1}', "{}",
        '{"role": 1, "content": ""}', '{"role": "r", "content": null, "n": null}', '{"role": "r"}', "[]", "null",
    ],
    "List[Message]": ['[{"role": "a", "content": "b"}, {"n": 2, "content": 1.50, "role": "it\'s"}]', '[{"role": "a"}]'],
    "Node": [
        "{}", '{"weight": 1}', '{"weight": "2.50"}', '{"children": [{"name": "x", "children": []}, {}]}',
        '{"children": [{"weight": NaN}]}', '{"name": "n", "name": null}',
    ],
    "Dict[str, Node]": ['{"x": {"weight": 1, "extra": {}}, "y": {}}'],
    "Optional[Node]": ["null", '{"weight": true}'],
}


def chosen():
    cases = [case(kind, json.dumps(text)) for kind in ("int", "float") for text in TEXTS[:54]]
    cases += [case("bool", json.dumps(text)) for text in TEXTS[2:4] + TEXTS[47:59]]
    cases += [case("str", json.dumps(text)) for text in TEXTS[59:]]
    cases += [case("List[str]", json.dumps([text])) for text in TEXTS[59:]]
    cases += [case(kind, number) for kind in ("int", "float", "bool", "Any") for number in NUMBERS]
    cases += [case(kind, odd) for kind in ("str", "int", "float", "bool", "Any", "Optional[str]") for odd in ODD]
    cases += [case(kind, text) for kind, texts in NESTED.items() for text in texts]
    return cases


def random_json(chance, depth):
    kind = chance.random()
    if depth < 3 and kind < 0.15:
        return "[" + ", ".join(random_json(chance, depth + 1) for _ in range(chance.randrange(4))) + "]"
    if depth < 3 and kind < 0.35:
        keys = ["role", "content", "n", "name", "weight", "children", "a", "it's"]
        entries = [json.dumps(chance.choice(keys)) + ":" + random_json(chance, depth + 1) for _ in range(chance.randrange(5))]
        return "{" + ",".join(entries) + "}"
    if kind < 0.5:
        return json.dumps("".join(chance.choice("0123456789__..--+eE nainft \u00a0") for _ in range(chance.randrange(7))))
    if kind < 0.6:
        return json.dumps("".join(chr(chance.choice([chance.randrange(0xD800), chance.randrange(0xE000, 0x110000), chance.randrange(256)])) for _ in range(5)))
    if kind < 0.7:
        return json.dumps(chance.choice(TEXTS))
    if kind < 0.8:
        return chance.choice(NUMBERS + ODD)
    if kind < 0.83:
        # Halfway between two shortest texts.
        return repr(chance.randrange(2**46, 2**53) / 2 ** chance.randrange(1, 8))
    if kind < 0.9:
        return repr(chance.uniform(-1, 1) * 10 ** chance.randrange(-30, 30))
    return str(chance.randrange(-3, 4) * 10 ** chance.randrange(0, 25))


def random_type(chance, depth=0):
    kind = chance.random()
    if depth < 3 and kind < 0.45:
        inner = random_type(chance, depth + 1)
        return chance.choice(["Optional[%s]", "List[%s]", "Dict[str, %s]"]) % inner
    return chance.choice(list(SCALARS))


def main():
    cases = chosen()
    if len(sys.argv) > 1:
        chance = random.Random(int(sys.argv[1]))
        for _ in range(int(sys.argv[1])):
            kind = random_type(chance)
            text = random_json(chance, 0)
            # Random values rarely fit a nested type: give them its shape.
            if kind.startswith("List") and chance.random() < 0.7:
                text = "[" + text + "]"
            if kind.startswith("Dict") and chance.random() < 0.7:
                text = '{"k": ' + text + "}"
            cases.append(case(kind, text))
    printable = bytes(chr(code).isprintable() for code in range(0x110000))
    print(
        json.dumps(
            {
                "python": platform.python_version(),
                "pydantic": pydantic.VERSION,
                "unicode": unicodedata.unidata_version,
                "isprintable_sha3_256": hashlib.sha3_256(printable).hexdigest(),
                "models": MODELS,
                "cases": cases,
            },
            indent=0,
        )
    )


main()
