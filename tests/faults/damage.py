"""What can be wrong with an input: each damage is made from a valid file, by a function of its bytes.

`other` tells whether the damaged file may still be a good one with other content: then nobody can know, and
another answer is right. A file that is cut, empty, or something else can always be told from a good one, if its
format says how long it is.
"""

from __future__ import annotations

import contextlib
import gzip
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HTML = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n"
TEXT = (".yaml", ".yml", ".csv", ".txt", ".fcl", ".ipynb")  # formats that say nothing of their own length
Change = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Damage:
    """One row of the table."""

    name: str
    change: Change | None  # None: done to the file itself
    other: bool = False

    def may_be_other(self, path: Path) -> bool:
        """Tell whether a stage may take the damaged file for a good one with other content."""
        return self.other or (self.name.startswith("cut") and path.suffix in TEXT)

    @contextlib.contextmanager
    def done_to(self, path: Path, aside: Path, draw: random.Random) -> Iterator[None]:
        """Damage a file, and put it right again."""
        kept = aside / "kept"
        shutil.move(path, kept)
        if self.change:
            path.write_bytes(self.change(kept.read_bytes(), draw))
        elif self.name == "folder in its place":
            path.mkdir()
        elif self.name == "link to nowhere":
            path.symlink_to(aside / "nowhere")
        try:
            yield
        finally:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            path.unlink(missing_ok=True)
            shutil.move(kept, path)


def cut(whole: bytes, draw: random.Random) -> bytes:
    """Return a beginning of the file."""
    return whole[: draw.randrange(1, len(whole))]


def cut_at_the_end(whole: bytes, draw: random.Random) -> bytes:
    """Return the file without its last bytes, as a full disk leaves it."""
    return whole[: -draw.randint(1, min(40, len(whole) - 1))]


def flip(whole: bytes, draw: random.Random, times: int = 1) -> bytes:
    """Return the file with some bits flipped."""
    changed = bytearray(whole)
    for _ in range(times):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def flip_many(whole: bytes, draw: random.Random) -> bytes:
    """Return the file with many bits flipped, in all its parts."""
    return flip(whole, draw, max(8, len(whole) // 2000))


def zero_block(whole: bytes, draw: random.Random) -> bytes:
    """Return the file with a block of zeros, as a disk that lost a sector has it."""
    begin = draw.randrange(len(whole))
    return whole[:begin] + bytes(len(whole[begin : begin + 4096])) + whole[begin + 4096 :]


def noise_inside_gzip(whole: bytes, draw: random.Random) -> bytes:
    """Return a compressed text, or a plain one, with a few of its letters replaced by others that it knows."""
    packed = whole.startswith(b"\x1f\x8b")
    text = bytearray(gzip.decompress(whole) if packed else whole)
    letters = bytes(text[:4096])
    for _ in range(3):
        text[draw.randrange(len(text))] = draw.choice(letters)
    return gzip.compress(bytes(text), 1) if packed else bytes(text)


def lines_lost(whole: bytes, draw: random.Random) -> bytes:
    """Return a text, compressed or plain, without some lines in its middle."""
    packed = whole.startswith(b"\x1f\x8b")
    lines = (gzip.decompress(whole) if packed else whole).splitlines(keepends=True)
    begin = draw.randrange(len(lines))
    text = b"".join(lines[:begin] + lines[begin + draw.randint(1, 5) :])
    return gzip.compress(text, 1) if packed else text


DAMAGES = [
    Damage("cut", cut),
    Damage("cut at the end", cut_at_the_end),
    Damage("empty", lambda _whole, _draw: b""),
    Damage("a bit flipped", flip, other=True),
    Damage("bits flipped", flip_many, other=True),
    Damage("block of zeros", zero_block, other=True),
    Damage("letters changed", noise_inside_gzip, other=True),
    Damage("lines lost", lines_lost, other=True),
    Damage("a web page", lambda _whole, _draw: HTML),
    Damage("noise", lambda whole, draw: draw.randbytes(min(len(whole), 100_000))),
    Damage("zeros", lambda whole, _draw: bytes(len(whole))),
    Damage("compressed once more", lambda whole, _draw: gzip.compress(whole, 1)),
    Damage("an archive", lambda _whole, _draw: b"PK\x03\x04" + bytes(26) + b"a.txt"),
    Damage("gone", None),
    Damage("folder in its place", None),
    Damage("link to nowhere", None),
]
