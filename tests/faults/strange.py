"""Valid JSON values and files with some part replaced by what nobody expects there, from a seed."""

import json
import random
import struct
from typing import Any

ODD_NUMBERS = [0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, float("nan"), float("inf")]
ODD_TEXTS = ["", " ", "\0", "\ud800", "\u2028", "../x", "/dev/zero", "-1", "NaN", "a" * 3000]
ODD_TEXTS += ["㌖" * 400, "true", "1e400", "$ref", "\x1b[2J", "=1+1", "{", "\u1100\u200d\u1161"]
DEPTH = 3


def strange_json(rng: random.Random, valid: Any) -> Any:
    """A valid value with up to three parts replaced, left out, added or doubled."""
    body = json.loads(json.dumps(valid))
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        found = _place(rng, body)
        if found is None:
            return strange_value(rng)
        holder, key = found
        change = rng.randrange(8)
        if change < 5:
            holder[key] = strange_value(rng)
        elif change == 5:
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, holder[key])
        else:
            holder[strange_text(rng)] = holder[key]
    return body


def _place(rng: random.Random, body: Any) -> tuple[Any, Any] | None:
    """A container and the key of something in it, at any depth; None is the whole value."""
    found = None
    while isinstance(body, dict | list) and body and (found is None or rng.random() < 0.8):
        key = rng.choice(list(body)) if isinstance(body, dict) else rng.randrange(len(body))
        found, body = (body, key), body[key]
    return found if rng.random() < 0.97 else None


def strange_value(rng: random.Random, depth: int = DEPTH) -> Any:
    """Any JSON value, numbers that are none and text that is no Unicode among them."""
    kind = rng.randrange(9)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind < 3:
        return rng.choice(ODD_NUMBERS)
    if kind == 3:
        return rng.randrange(-9, 9) if rng.random() < 0.5 else rng.getrandbits(70) - 2**69
    if kind == 4:
        return struct.unpack("d", rng.randbytes(8))[0]
    if kind < 7 or not depth:
        return strange_text(rng)
    inner = range(rng.randrange(4))
    if kind == 7:
        return [strange_value(rng, depth - 1) for _ in inner]
    return {strange_text(rng): strange_value(rng, depth - 1) for _ in inner}


def strange_text(rng: random.Random) -> str:
    """A text that has made trouble, or any code points, surrogates among them."""
    if rng.random() < 0.5:
        return rng.choice(ODD_TEXTS)
    highest = rng.choice([0x7F, 0x3FF, 0xFFFF, 0x10FFFF])
    return "".join(chr(rng.randrange(highest)) for _ in range(rng.randrange(9)))


def strange_bytes(rng: random.Random, valid: bytes) -> bytes:
    """A valid file cut, changed in some bytes, or with others put in; or any bytes at all."""
    if rng.randrange(12) == 0:
        return rng.randbytes(rng.randrange(200))
    data = bytearray(valid)
    for _ in range(rng.randrange(1, 5)):
        place = rng.randrange(len(data) or 1)
        change = rng.randrange(6)
        if change < 3 and data:
            data[place] ^= rng.randrange(1, 256)
        elif change == 3:
            data[place:place] = rng.randbytes(rng.randrange(8))
        elif change == 4:
            del data[place : place + rng.randrange(1, 8)]
        elif rng.randrange(4) == 0:
            del data[place:]
    return bytes(data)
