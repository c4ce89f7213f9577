"""What filters of windows know: the columns, and how each is made of stored fields, as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray
from kit.ecal.features import CALOS
from kit.ecal.window_files import Progress, WindowFiles

__all__ = ["COLUMNS", "Column", "read_columns"]


@dataclass(frozen=True)
class Column:
    """One number for each window: what it means, the fields that it is made of, how."""

    meaning: str
    fields: tuple[str, ...]
    make: Callable[[Part], AnyArray]
    kind: str = "?"
    calos: bool = False  # whether the particles of the windows are needed


def _stored(name: str, kind: str, meaning: str) -> Column:
    return Column(meaning, (name,), lambda part: part.window[name], kind)


def _particles(part: Part) -> AnyArray:
    if part.calos is None:
        raise KeyError(CALOS)
    return part.calos.counts


def _any(part: Part, flags: AnyArray) -> AnyArray:
    """Tell which windows have a cluster with a flag."""
    owner = np.repeat(np.arange(len(part)), np.diff(part.offsets))
    return np.bincount(owner, flags, len(part)) > 0


def _differ(part: Part) -> AnyArray:
    cluster = part.cluster
    others = [cluster[name] for name in OTHER_LABELS if name in cluster]
    return _any(part, cluster["in_scluster"] != (others[0] if others else cluster["in_scluster"]))


OTHER_LABELS = ("in_scluster_deepsc", "in_scluster_fixed")
COLUMNS = {
    "et": _stored("et_seed", "f4", "raw ET of the seed, GeV"),
    "eta": Column("|η| of the seed", ("seed_eta",), lambda part: np.abs(part.window["seed_eta"]), "f4"),
    "phi": _stored("seed_phi", "f4", "φ of the seed, rad"),
    "barrel": Column("seed in the barrel, yes or no", ("seed_iz",), lambda part: part.window["seed_iz"] == 0),
    "ncls": _stored("ncls", "i2", "clusters"),
    "true": _stored("nclusters_insc", "i2", "true clusters"),
    "calos": Column("particles", ("ncls",), _particles, "i2", calos=True),
    "flavour": _stored("flavour", "i2", "PDG id"),
    "matched": _stored("is_seed_calo_matched", "?", "belongs to a particle, yes or no"),
    "calo_seed": _stored("is_seed_calo_seed", "?", "seed is the particle's main cluster, yes or no"),
    "score": _stored("seed_score", "f4", "score of the seed"),
    "e_true": _stored("en_true_sim", "f4", "simulated energy of the particle, GeV"),
    "wp": _stored("simfraction_wp", "f4", "working point"),
    "diffcalo": Column(
        "has clusters of another particle, yes or no",
        ("is_calo_matched_diffcalo",),
        lambda part: _any(part, part.cluster["is_calo_matched_diffcalo"]),
    ),
    "differ": Column("labels of the two definitions differ, yes or no", ("in_scluster", *OTHER_LABELS), _differ),
}


def read_columns(files: WindowFiles, names: Iterable[str], say: Progress | None = None) -> dict[str, AnyArray]:
    """Return columns of all windows.

    Raises
    ------
    ValueError
        Naming the column that cannot be made of what the files hold, as may be with the public original's.
    """
    wanted = {name: COLUMNS[name] for name in names}
    fields = list(dict.fromkeys(field for column in wanted.values() for field in column.fields))
    calos = any(column.calos for column in wanted.values())
    made = {name: np.zeros(len(files), column.kind) for name, column in wanted.items()}
    first = 0
    for part in files.parts(fields, calos=calos, say=say):
        for name, column in wanted.items():
            try:
                made[name][first : first + len(part)] = column.make(part)
            except KeyError as fault:
                message = f"{name} cannot be told: a file lacks {fault.args[0]}"
                raise ValueError(message) from None
        first += len(part)
    return made
