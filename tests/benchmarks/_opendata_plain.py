"""What the stage is compared with: R2, the plain way of the original, R3, a careful user, and the floor.

R2 does what the public project it stands for does, with labels and counts put right: for each final
state a comparison of labels over all events; for each fitting combination a filter on the record of
all types, a forced garbage collection, sorting and slicing by type, `vector.zip`, concatenate, sum,
mass; each array zlib-compressed into SQLite; then read back, peak cut, range scan and one `Fill` call
per value. R3 is awkward, vector and hist used with care: sorted once, vectors made once, integer keys,
one hist per pair. The floor is one read of the branches that are needed.

Where there was a choice it is the cheaper one, so that no ratio is flattered: no intermediate file of
selected particles is written, labels are made from NumPy integers, and `Fill` is a plain Python method
(about 0.3 µs, what ROOT's costs from Python; hist's `fill` of one value costs twenty times as much).
Momenta are float64, unlike the original's, so that bins can be compared one by one.
"""

import gc
import io
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
import vector

from tests.opendata.reference import (
    ETA_MAX,
    PT_MIN,
    TABLE,
    Choice,
    Combination,
    combination_name,
    combinations,
    final_state_name,
    fits,
)

vector.register_awkward()

NAMES = {"e": "Electrons", "m": "Muons", "j": "Jets", "g": "Photons", "t": "TauJets"}
MOST, FEWEST_TYPES, MOST_TYPES = 4, 1, 4  # objects of a type, types in an event
WIDTH, BINS = 10.0, 1000

Spectra = dict[tuple[str, str], dict[int, int]]  # pair → bin → entries


def branches(letters: str) -> list[str]:
    """Return the PHYSLITE branches that the masses need: 18 for five types, 15 without taus, …"""
    return [
        f"Analysis{NAMES[c]}AuxDyn.{leaf}"
        for c in letters
        for leaf in ("pt", "eta", "phi", "m")
        if not (leaf == "m" and c in "mg")
    ]


OPTIONAL = (  # what b-tag, isolation, weights and duplicates need besides
    "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_pb", "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_pc",
    "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_pu", "AnalysisJetsAuxDyn.btaggingLink.m_persIndex",
    "AnalysisElectronsAuxDyn.ptvarcone30_Nonprompt_All_MaxWeightTTVALooseCone_pt1000",
    "EventInfoAuxDyn.mcEventWeights", "EventInfoAuxDyn.mcChannelNumber", "EventInfoAuxDyn.runNumber",
    "EventInfoAuxDyn.lumiBlock", "EventInfoAuxDyn.eventNumber",
)  # fmt: skip


def read_branches(path: Path, letters: str = "emjgt", more: Sequence[str] = ()) -> ak.Array:
    """Return the floor's arrays: every needed branch, whole, and nothing else."""
    wanted = {*branches(letters), *more}
    with uproot.open(path) as file:
        return file["CollectionTree"].arrays(filter_name=wanted.__contains__)


def read_events(path: Path, letters: str = "emjgt") -> ak.Array:
    """Return the record of selected objects by type, float64, GeV, in file order."""
    arrays = read_branches(path, letters)
    selected = {}
    for c in letters:
        stem = f"Analysis{NAMES[c]}AuxDyn."
        pt = ak.values_astype(arrays[stem + "pt"], "float64") / 1000
        eta = ak.values_astype(arrays[stem + "eta"], "float64")
        phi = ak.values_astype(arrays[stem + "phi"], "float64")
        own = stem + "m" in arrays.fields
        mass = ak.values_astype(arrays[stem + "m"], "float64") / 1000 if own else ak.full_like(pt, TABLE[c])
        objects = ak.zip({"pt": pt, "eta": eta, "phi": phi, "mass": mass})
        finite = np.isfinite(pt) & np.isfinite(eta) & np.isfinite(phi) & np.isfinite(mass)
        good = finite & (pt >= PT_MIN[c]) & (abs(eta) <= ETA_MAX[c])
        selected[c] = objects[good]
    return ak.zip(selected, depth_limit=1)


def _numbers(events: ak.Array) -> dict[str, np.ndarray]:
    return {c: ak.to_numpy(ak.num(events[c])) for c in events.fields}


def _fitting(letters: str, numbers: dict[str, int], max_rank: int) -> list[Combination]:
    every = combinations("".join(letters), Choice(max_rank=max_rank))
    return [c for c in every if fits(c, numbers, exact=False)]


# ── R2 ──────────────────────────────────────────────────────────────────────────────────────────────


class Store:
    """Compressed arrays by signature in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        table = "array_chunks(id INTEGER PRIMARY KEY, signature TEXT, n_entries INTEGER, payload BLOB)"
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        self.connection.execute("CREATE INDEX IF NOT EXISTS by_signature ON array_chunks(signature)")

    def add(self, arrays: dict[str, np.ndarray]) -> None:
        rows = []
        for signature, masses in arrays.items():
            content = io.BytesIO()
            np.save(content, masses, allow_pickle=False)
            rows.append((signature, len(masses), zlib.compress(content.getvalue(), level=1)))
        into = "INSERT INTO array_chunks(signature, n_entries, payload) VALUES (?, ?, ?)"
        self.connection.executemany(into, rows)
        self.connection.commit()

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each signature with its masses, one query each."""
        listed = self.connection.execute("SELECT DISTINCT signature FROM array_chunks ORDER BY signature")
        for (signature,) in listed.fetchall():
            rows = self.connection.execute(
                "SELECT payload FROM array_chunks WHERE signature = ?", (signature,)
            ).fetchall()
            chunks = [np.load(io.BytesIO(zlib.decompress(payload))) for (payload,) in rows]
            yield signature, np.concatenate(chunks) if len(chunks) > 1 else chunks[0]

    def close(self) -> None:
        self.connection.close()


class Histogram:
    """The least that a histogram with a `Fill` call does."""

    def __init__(self, low: float, bins: int) -> None:
        self.low, self.bins = low, bins
        self.cells = [0.0] * (bins + 2)
        self.entries = 0

    def Fill(self, value: float) -> None:
        cell = int((value - self.low) // WIDTH) + 1
        self.cells[min(max(cell, 0), self.bins + 1)] += 1.0
        self.entries += 1


def labels(events: ak.Array) -> ak.Array:
    """Return each event's final state as text, empty where the event is rejected."""
    numbers = _numbers(events)
    made = []
    for counts in zip(*numbers.values(), strict=True):
        present = sum(n > 0 for n in counts)
        good = FEWEST_TYPES <= present <= MOST_TYPES and max(counts) <= MOST
        made.append(final_state_name(dict(zip(numbers, counts, strict=True))) if good else "")
    return ak.Array(made)


def _one_combination(events: ak.Array, combination: Combination, collect: bool) -> np.ndarray:
    mask = ak.ones_like(ak.num(events[events.fields[0]]), dtype=bool)
    for c, first, number in combination:
        mask = mask & (ak.num(events[c]) >= first + number)
    filtered = events[mask]
    del mask
    if collect:
        gc.collect()
    filtered = ak.to_packed(ak.zip({c: filtered[c] for c, _, _ in combination}, depth_limit=1))
    for c, first, number in combination:
        objects = filtered[c]
        in_order = objects[ak.argsort(objects["pt"], ascending=False)]
        filtered[c] = in_order[:, first : first + number]
    vectors = []
    for c, _, _ in combination:
        objects = filtered[c]
        fields = {"pt": objects.pt, "phi": objects.phi, "eta": objects.eta, "mass": objects.mass}
        vectors.append(vector.zip(fields))
    return ak.to_numpy(ak.sum(ak.concatenate(vectors, axis=1), axis=1).mass)


def store_masses(
    path: Path, database: Path, *, letters: str = "emjgt", max_rank: int = 0, collect: bool = True
) -> int:
    """R2 from the file to all mass arrays stored; returns the number of pairs."""
    events = read_events(path, letters)
    all_labels = labels(events)
    counted = Counter(all_labels.to_list())
    counted.pop("", None)
    store = Store(database)
    pairs = 0
    for final_state, _ in counted.most_common():
        chosen = events[all_labels == final_state]
        numbers = {part[-1]: int(part[:-1]) for part in final_state.split("_")}
        masses = {}
        for combination in _fitting(letters, numbers, max_rank):
            signature = f"{path.stem}_FS_{final_state}_IM_{combination_name(combination)}"
            masses[signature] = _one_combination(chosen, combination, collect)
        if masses:
            store.add(masses)
        pairs += len(masses)
    store.close()
    return pairs


def fill_stored(database: Path) -> dict[str, Histogram]:
    """R2 from the stored arrays to filled histograms: peak cut, split, range scan, one Fill a value."""
    store = Store(database)
    histograms = {}
    for signature, masses in store.arrays():
        counts = np.bincount((masses // WIDTH).astype(int))
        peak = len(counts) - 1 - int(np.argmax(counts[::-1]))
        kept = masses[masses >= peak * WIDTH]
        empty = np.flatnonzero(counts[peak:] == 0)
        if len(empty) and empty[0] > 1:
            kept = kept[kept < (peak + empty[0]) * WIDTH]
        low, high = float(np.min(kept)), float(np.max(kept))
        first, last = int(low // WIDTH), int(high // WIDTH)
        histogram = Histogram(first * WIDTH, last + 1 - first)
        for value in kept:
            histogram.Fill(float(value))
        histograms[signature] = histogram
    store.close()
    return histograms


def stored_spectra(database: Path) -> Spectra:
    """Return the counts of what R2 stored, to be compared with R1."""
    store = Store(database)
    spectra = {}
    for signature, masses in store.arrays():
        final_state, combination = signature.split("_FS_")[1].split("_IM_")
        bins, counts = np.unique((masses // WIDTH).astype(int), return_counts=True)
        spectra[final_state, combination] = dict(zip(bins.tolist(), counts.tolist(), strict=True))
    store.close()
    return spectra


# ── R3 ──────────────────────────────────────────────────────────────────────────────────────────────


def count_carefully(path: Path, *, letters: str = "emjgt", max_rank: int = 0) -> dict[tuple[str, str], Any]:
    """R3 from the file to one histogram of counts per pair."""
    import hist

    events = read_events(path, letters)
    vectors = {}
    for c in letters:
        objects = events[c][ak.argsort(events[c].pt, ascending=False, stable=True)]
        vectors[c] = vector.zip({name: objects[name] for name in ("pt", "eta", "phi", "mass")})
    numbers = _numbers(events)
    counts = np.stack([numbers[c] for c in letters])
    present = (counts > 0).sum(axis=0)
    good = (counts.max(axis=0) <= MOST) & (present >= FEWEST_TYPES) & (present <= MOST_TYPES)
    keys = np.where(good, (counts * 8 ** np.arange(len(letters))[:, None]).sum(axis=0), -1)
    spectra = {}
    for key in np.unique(keys[good]):
        chosen = keys == key
        here = {c: v[chosen] for c, v in vectors.items()}
        state = {c: int(key) // 8**i % 8 for i, c in enumerate(letters)}
        for combination in _fitting(letters, state, max_rank):
            ranks = [(c, rank) for c, first, n in combination for rank in range(first, first + n)]
            total = here[ranks[0][0]][:, ranks[0][1]]
            for c, rank in ranks[1:]:
                total = total + here[c][:, rank]
            axis = hist.axis.Regular(BINS, 0, BINS * WIDTH)
            histogram = hist.Hist(axis, storage=hist.storage.Int64())
            histogram.fill(ak.to_numpy(total.mass))
            spectra[final_state_name(state), combination_name(combination)] = histogram
    return spectra


def counted_spectra(histograms: dict[tuple[str, str], Any]) -> Spectra:
    """Return the counts of R3's histograms, to be compared with R1."""
    return {
        pair: {int(b): int(histogram.view()[b]) for b in np.flatnonzero(histogram.view())}
        for pair, histogram in histograms.items()
    }
