"""Changes of valid files that lead into the corners of a parser: of bytes, lines, and values in their tree."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import yaml

ODD = [
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "\x00",
    "∞",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": []}},
    "nan",
]
WORDS = [b"nan", b"inf", b"-1", b"1e999", b"9" * 30, b"\x00", b"\xff\xfe", b"\r\n", b"\n\n", b",,", b": ", b"- ",
         b"{", b"[", b'"', b"&a [*a]",
         b"!!python/object/apply:os.system [x]", b"2025-13-45", b"0x", b"\xe2\x80\xa8"]  # fmt: skip


def mutants(seeds: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield the seeds, then as many changed ones; the same for the same number."""
    yield from seeds
    draw = random.Random(seed)
    for _ in range(count):
        yield mutate(draw.choice(seeds), draw)


def mutate(content: bytes, draw: random.Random) -> bytes:
    """Return some bytes with one or a few changes."""
    for _ in range(draw.choice([1, 1, 2, 4])):
        content = draw.choice([_of_bytes, _of_lines, _of_tree])(content, draw)
    return content


def _of_bytes(content: bytes, draw: random.Random) -> bytes:
    place, length = draw.randrange(len(content) + 1), draw.randrange(1, 20)
    change = draw.randrange(5)
    if change == 0:
        return content[:place]
    if change == 1:
        return content[:place] + content[place + length :]
    if change == 2:
        return content[:place] + draw.choice(WORDS) + content[place:]
    if change == 3:
        return content[:place] + draw.choice(WORDS) + content[place + length :]
    changed = bytearray(content or b"\0")
    changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _of_lines(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    place = draw.randrange(len(lines))
    change = draw.randrange(4)
    if change == 0:
        del lines[place]
    elif change == 1:
        lines.insert(place, draw.choice(lines))
    elif change == 2:
        other = draw.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    else:
        words = lines[place].split(b" ")
        words[draw.randrange(len(words))] = draw.choice(WORDS)
        lines[place] = b" ".join(words)
    return b"".join(lines)


def _of_tree(content: bytes, draw: random.Random) -> bytes:
    """Put an odd value somewhere into the tree that JSON, YAML or a line of JSON describes."""
    lines = content.split(b"\n")
    if content.startswith(b"{") and len(lines) > 1 and all(line.startswith(b"{") for line in lines if line):
        place = draw.randrange(len(lines))  # a file of lines, each an object
        lines[place] = _of_tree(lines[place], draw) if lines[place] else lines[place]
        return b"\n".join(lines)
    try:
        tree = json.loads(content) if content.startswith((b"{", b"[")) else yaml.safe_load(content)
    except (ValueError, yaml.YAMLError, RecursionError, AttributeError, TypeError):
        return _of_bytes(content, draw)
    if not isinstance(tree, dict | list) or not tree:
        return _of_bytes(content, draw)
    try:
        spots = list(_spots(tree))
    except RecursionError:  # an anchor inside itself
        return _of_bytes(content, draw)
    holder, key = draw.choice(spots)
    if draw.random() < 0.15:
        del holder[key]
    else:
        holder[key] = draw.choice([*ODD, draw.choice(spots)[0]]) if draw.random() < 0.9 else [holder[key]]
    try:
        return json.dumps(tree, default=str).encode()
    except (ValueError, TypeError):
        return content


def _spots(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict | list):
        for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
            yield tree, key
            yield from _spots(value)
