"""A run of masses with as many pairs as a whole release gives, made in a second."""

import itertools
from dataclasses import asdict
from pathlib import Path

import numpy as np

from kit.opendata.combinations import combination_named, combinations, final_state_counts, pair_order
from kit.opendata.masses import MassParameters
from kit.opendata.massfile import write_masses
from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, PieceRecord, Spectra
from kit.run import Run


def write_many(directory: Path, number: int) -> str:
    """Write a run with so many pairs, one in twenty with a bump, and return its directory."""
    pairs = _pairs(number)
    generator = np.random.default_rng(1)
    rows, events = [], dict[str, int]()
    for place, (state, combination) in enumerate(pairs):
        size, entries = combination_named(combination).size, int(10 ** generator.uniform(1.5, 4))
        masses = generator.exponential(80 + 60 * size, entries) + 30 * size
        if generator.random() < 0.05:
            masses = np.append(masses, generator.normal(generator.uniform(300, 600), 12, entries // 12))
        bins, counts = np.unique(np.minimum(masses // 10, 999).astype(np.int64), return_counts=True)
        rows.append(np.stack([np.full(len(bins), place), bins, counts]))
        events[state] = max(events.get(state, 0), len(masses))
    spectra = Spectra(Grid(10.0, 1000), events, pairs, *np.concatenate(rows, axis=1))
    p = MassParameters(inputs=["x.root"], output=str(directory), interactive=False)
    piece = Piece("x.root", "u", 1, 100, 0, 100)
    record = PieceRecord(piece, spectra, {"read": 100}, {}, dict.fromkeys("emjgt", 1), "2024r-pp", True)
    about = {
        "selection": p.selecting(),
        "grid": asdict(spectra.grid),
        "job": 1,
        "jobs": 1,
        "planned": [asdict(piece)],
    }
    with Run("opendata/masses", p) as run, run.writing("masses.parquet") as part:
        write_masses(part, [record], about | {"failed": []})
    return str(directory)


def _pairs(number: int) -> list[tuple[str, str]]:
    named = [combination.name for combination in combinations("emjgt")]
    found = []
    for counts in itertools.product(range(5), repeat=5):
        if 1 <= sum(count > 0 for count in counts) <= 4:
            state = "_".join(f"{count}{letter}" for count, letter in zip((*counts, 0), "emjgtb", strict=True))
            held = final_state_counts(state)
            windows = {name: combination_named(name).windows for name in named}
            fitting = (n for n, ws in windows.items() if all(held[w.letter] >= w.first + w.count for w in ws))
            found += [(state, name) for name in fitting]
    chosen = np.random.default_rng(2).choice(len(found), number, replace=False)
    return sorted((found[place] for place in chosen), key=pair_order)
