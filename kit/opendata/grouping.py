"""The events of a chunk by final state, and the four-momenta of their objects.

Everything is laid out so that the objects of one rank, over all events of a final state, are neighbours in
memory: sums over combinations are then sums of whole stretches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.opendata.chunks import Chunk, Objects
from kit.opendata.engine import NUMPY, Engine
from kit.opendata.passing import UNIT, Selected
from kit.opendata.twins import FloatArray, IntArray

__all__ = ["KNOWN_MASS", "MASS", "Grouped", "MassSource", "four_momenta", "group"]

MassSource = Literal["record", "known"]
MASS = {"e": 0.00051099895, "m": 0.1056583755, "t": 1.77693, "g": 0.0, "j": 0.0, "b": 0.0}  # GeV; PDG 2024
# what the original took for all files, in their unit, be it GeV or MeV (its services/calculations/consts.py)
KNOWN_MASS = {"e": 0.000511, "m": 0.105, "t": 1.77686, "g": 0.0, "j": 0.0, "b": 0.0}
BLOCK = 1 << 14  # objects at once: what is computed of them stays in the processor's cache


@dataclass(frozen=True)
class Grouped:
    """Accepted events by final state.

    letters : types in use, in the order of final states
    counts : shape (s, types), objects of each type in each final state
    order : events, by final state and then as in the chunk
    bounds : shape (s + 1,), events of final state i stand at ``bounds[i]:bounds[i + 1]`` of `order`
    momenta : shape (4, m), px, py, pz, E in GeV
    starts : shape (s, types), where the leading objects of each type begin in `momenta`; those of each
        further rank follow after as many places as the final state has events
    """

    letters: tuple[str, ...]
    counts: IntArray
    order: IntArray
    bounds: IntArray
    momenta: FloatArray
    starts: IntArray


def group(chunk: Chunk, selected: Selected, mass_source: MassSource = "record", engine: Engine = NUMPY) -> Grouped:
    """Sort the accepted events by final state and compute the four-momenta of their objects."""
    held = np.minimum(selected.counts.T, selected.max_count)
    order, first = _by_final_state(held, np.flatnonzero(selected.accepted), selected.max_count.bit_length())
    bounds = np.append(first, len(order))
    counts = held[:, order[first]]
    sizes = counts * np.diff(bounds)
    ends = np.cumsum(sizes).reshape(sizes.shape)
    momenta = np.empty((4, int(ends[-1, -1]) if ends.size else 0))
    for letter, here, of_state, end, size in zip(selected.letters, held, counts, ends, sizes, strict=True):
        if not end.size:
            break
        begin = int(end[0] - size[0])
        local = np.append(end - size, end[-1]) - begin
        places = engine.arrange(order, bounds, of_state, np.cumsum(here) - here, selected.chosen[letter], local)
        objects = selected.objects[letter]
        for block in range(0, len(places), BLOCK):
            some = places[block : block + BLOCK]
            into = momenta[:, begin + block : begin + block + len(some)]
            four_momenta(objects, some, letter, chunk.unit, mass_source, into)
    return Grouped(selected.letters, counts.T, order, bounds, momenta, (ends - sizes).T)


def _by_final_state(held: IntArray, accepted: IntArray, bits: int) -> tuple[IntArray, IntArray]:
    """Return the accepted events by final state, and where in them each final state begins.

    The key of a final state has `bits` for the count of each type; where all fit into 16, NumPy sorts by digits.
    """
    key = np.zeros(len(accepted), np.int64)
    for place, counts in enumerate(held):
        key |= counts[accepted] << (bits * place)
    key = key.astype(np.uint16) if bits * len(held) <= 16 else key
    by_key = np.argsort(key, kind="stable")
    key = key[by_key]
    changes = np.flatnonzero(key[1:] != key[:-1]) + 1
    return accepted[by_key], np.concatenate(([0], changes)) if len(key) else changes


def four_momenta(
    objects: Objects, places: IntArray, letter: str, unit: str, mass_source: MassSource, into: FloatArray
) -> None:
    """Compute px, py, pz, E in GeV of the objects at `places`, in float64.

    The energy is that of the file; else it follows from the file's mass, else from the table of particle masses.
    With `mass_source` ``known`` it follows from the masses that the original took, in the file's unit: a muon in a
    file in MeV then has 0.105 MeV, as there.

    Parameters
    ----------
    into : ndarray, shape (4, m)
        Receives the result.
    """
    pt, eta, phi = (values[places].astype(np.float64) for values in (objects.pt, objects.eta, objects.phi))
    pt /= UNIT[unit]
    px, py, pz, energy = into
    np.multiply(pt, np.cos(phi), out=px)
    np.multiply(pt, np.sin(phi), out=py)
    np.multiply(pt, np.sinh(eta), out=pz)
    mass: FloatArray | float
    if mass_source == "known":
        mass = KNOWN_MASS[letter] / UNIT[unit]
    elif objects.energy is not None:
        np.divide(objects.energy[places], UNIT[unit], out=energy, dtype=np.float64)
        return
    elif objects.mass is not None:
        mass = objects.mass[places].astype(np.float64) / UNIT[unit]
    else:
        mass = MASS[letter]
    np.sqrt(px * px + py * py + pz * pz + mass * mass, out=energy)
