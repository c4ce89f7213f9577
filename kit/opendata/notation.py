"""How final states and combinations are written for people: ``2e 1j`` and m(e₀e₁j₀)."""

from __future__ import annotations

import re

SYMBOLS = {"e": "e", "m": "μ", "j": "j", "g": "γ", "t": "τ", "b": "b"}
MATHEMATICAL = {"e": "e", "m": r"\mu", "j": "j", "g": r"\gamma", "t": r"\tau", "b": "b"}


def final_state_text(final_state: str) -> str:
    """Return ``2e 1j`` for ``2e_0m_1j_0g_0t_0b``: the types that are there, in the same order."""
    counts = (re.fullmatch(r"(\d+)([emjgtb])", part) for part in final_state.split("_"))
    return " ".join(f"{int(c[1])}{SYMBOLS[c[2]]}" for c in counts if c and int(c[1])) or "no objects"


def objects_text(combination: str) -> str:
    """Return the objects of ``e0e1j0`` in matplotlib's mathematical notation, without dollar signs."""
    found = re.findall(r"([emjbgt])(\d+)", combination)
    return "".join(rf"{MATHEMATICAL[letter]}_{{{rank}}}" for letter, rank in found)


def mass_text(combination: str) -> str:
    """Return the mass of ``e0e1j0`` in matplotlib's mathematical notation: $m(e_0e_1j_0)$."""
    return f"$m({objects_text(combination)})$"
