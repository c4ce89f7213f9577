"""Which boards there are, which blocks a ROC has, and the registers of each kind of block."""

from __future__ import annotations

import csv
import importlib.resources
from dataclasses import dataclass

__all__ = ["BLOCKS", "BOARDS", "CHANNEL_BLOCKS", "Board", "Register", "half_of", "register_kinds"]


@dataclass(frozen=True)
class Board:
    """A kind of board: how it is called in the kit, in the reply to `describe`, and its ROCs."""

    name: str
    described: str
    rocs: tuple[str, ...]


BOARDS = {
    "ld": Board("ld", "ld_hexaboard", ("roc_s0", "roc_s1", "roc_s2")),
    "hd": Board("hd", "hd_hexaboard", tuple(f"roc_s{number}" for number in range(6))),
    "char": Board("char", "char_board", ("roc_s0",)),
}
# blocks of a ROC and how many of each it has; the first four have the registers of a channel
BLOCKS = {
    "ch": 72, "calib": 2, "cm": 4, "HalfWise": 2,
    "DigitalHalf": 2, "GlobalAnalog": 2, "MasterTdc": 2, "ReferenceVoltage": 2, "Top": 1,
}  # fmt: skip
CHANNEL_BLOCKS = ("ch", "calib", "cm", "HalfWise")


@dataclass(frozen=True)
class Register:
    """A register as it is in every block of its kind."""

    name: str
    maximum: int
    reset: int
    read_only: bool


def half_of(block: str, number: int) -> int:
    """Return the half of a ROC that a block lies in, -1 for Top."""
    if block == "Top":
        return -1
    return number // {"ch": 36, "cm": 2}.get(block, 1)


def register_kinds() -> dict[str, list[Register]]:
    """Return the registers of each kind of block, from the shipped table."""
    text = (importlib.resources.files("kit.hgcroc") / "shipped" / "registers.csv").read_text(encoding="utf-8")
    kinds: dict[str, list[Register]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        register = Register(row["register"], int(row["max"]), int(row["reset"]), row["access"] == "r")
        kinds.setdefault(row["block"], []).append(register)
    return kinds
