"""Windows as text, one JSON object a line, keys and numbers as the public original writes them.

What only this kit knows may stand behind them: keys that the original's readers pass over.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from kit.ecal.building import DIFFERING, Windows
from kit.ecal.events import AnyArray, Lists
from kit.ecal.features import CALOS
from kit.ecal.window_quantities import INSC

__all__ = ["CLUSTER_KEYS", "MORE_CLUSTER_KEYS", "MORE_WINDOW_KEYS", "WINDOW_KEYS", "lines", "writing"]

_FIVE = ("r9", "sigmaIetaIeta", "sigmaIetaIphi", "sigmaIphiIphi", "swissCross")
_KINDS = ("en", "et", "deta", "dphi", "den", "det")
WINDOW_KEYS = (
    *("run_id", "lumi_id", "event_id", "window_index", "is_seed_calo_matched", "calo_index", "is_seed_calo_seed"),
    *("is_seed_mustache_matched", "mustache_seed_index", "seed_score", "seed_simen_sig", "seed_simen_PU"),
    *("seed_recoen_PU", "seed_PUfrac", "seed_eta", "seed_phi", "seed_iz", "seed_ieta", "seed_iphi"),
    *("sim_true_eta", "sim_true_phi", "gen_true_eta", "gen_true_phi"),
    *("en_seed", "et_seed", "en_seed_calib", "et_seed_calib"),
    *("en_seed_log", "et_seed_log", "en_seed_calib_log", "et_seed_calib_log"),
    *("en_true_sim", "et_true_sim", "en_true_gen", "et_true_gen", "en_true_sim_good", "et_true_sim_good"),
    *("en_mustache_raw", "et_mustache_raw", "en_mustache_calib", "et_mustache_calib"),
    *("nVtx", "rho", "obsPU", "truePU", "event_tot_simen_PU"),
    *(f"seed_f5_{shape}" for shape in _FIVE),
    *(f"seed_{shape}" for shape in _FIVE),
    *("seed_etaWidth", "seed_phiWidth", "seed_nxtals", "seed_hits", "clusters"),
    *INSC,
    "ncls",
    *(f"{span}_{kind}_cluster" for span in ("max", "min", "mean") for kind in _KINDS),
    *("wtot_simen_PU", "wtot_recoen_PU", "wtot_simen_sig"),
)
CLUSTER_KEYS = (
    *("cl_index", "is_seed", "in_geom_mustache", "is_calo_matched", "is_calo_matched_diffcalo"),
    *("other_calo_index", "is_calo_seed", "in_scluster", "calo_score", "calo_simen_sig", "calo_simen_PU"),
    *("calo_recoen_PU", "calo_nxtals_PU", "cluster_PUfrac", "cluster_ieta", "cluster_iphi", "cluster_eta"),
    *("cluster_phi", "cluster_dphi", "cluster_iz", "en_cluster", "et_cluster", "en_cluster_calib"),
    *("et_cluster_calib", "en_cluster_log", "et_cluster_log", "en_cluster_calib_log", "et_cluster_calib_log"),
    *("noise_en", "noise_en_uncal", "noise_en_nofrac", "noise_en_uncal_nofrac"),
    *(f"cl_f5_{shape}" for shape in _FIVE),
    *(f"cl_{shape}" for shape in _FIVE),
    *("cl_etaWidth", "cl_phiWidth", "cl_nxtals", "cl_hits", "cluster_deta", "cluster_den_seed"),
    *("cluster_det_seed", "cluster_den_seed_log", "cluster_det_seed_log"),
)
# fields of the parquet layout that the original does not write
MORE_WINDOW_KEYS = ("seed_index", "simfraction_wp", CALOS)
MORE_CLUSTER_KEYS = ("in_mustache", "cl_calo_index")
HIT_PARTS = ("ieta", "iphi", "iz", "energy", "share", "fraction")
_TRUTH = ("sim_true_eta", "sim_true_phi", "gen_true_eta", "gen_true_phi")
_ENERGIES = tuple(f"{kind}_true_{of}" for kind in ("en", "et") for of in ("sim", "gen", "sim_good"))
_MUSTACHE = tuple(f"{kind}_mustache_{of}" for kind in ("en", "et") for of in ("raw", "calib"))
# what the original writes as a whole number where nothing is there: a field, and the field that says so
ABSENT = {
    "is_seed_calo_matched": (*_TRUTH, *_ENERGIES, *INSC[1:]),
    "is_seed_mustache_matched": _MUSTACHE,
}


@contextlib.contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """Yield a compressed file for lines of text; the same lines make the same bytes, whenever and wherever."""
    from isal import igzip

    gzip: Any = igzip.IGzipFile
    with path.open("wb") as raw, gzip(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        text = io.TextIOWrapper(packed, encoding="utf-8")
        yield text
        text.flush()
        text.detach()


def lines(windows: Windows, *, more: bool = False) -> Iterator[str]:
    """Yield a line for each window, its end included; with `more`, what only parquet has stands there, too."""
    others = sorted({key.rpartition("_")[2] for key in windows.cluster if key.startswith("in_scluster_")})
    cluster_keys = [*CLUSTER_KEYS, *(f"{key}_{other}" for other in others for key in DIFFERING)]
    window_keys = [*WINDOW_KEYS, *(f"{key}_{other}" for other in others for key in INSC)]
    if more:
        cluster_keys += MORE_CLUSTER_KEYS
        window_keys += MORE_WINDOW_KEYS
    hits, seed_hits = _hits(windows.hits), _hits(windows.seed_hits)
    columns: list[list[Any]] = [
        _listed(windows.cluster, key) if key != "cl_hits" else hits for key in cluster_keys
    ]
    clusters = [dict(zip(cluster_keys, values, strict=True)) for values in zip(*columns, strict=True)]
    bounds = windows.offsets.tolist()
    of_windows = [clusters[first:last] for first, last in itertools.pairwise(bounds)]
    made: dict[str, list[Any]] = {"seed_hits": seed_hits, "clusters": of_windows, CALOS: _particles(windows.calos)}
    columns = [made[key] if key in made else _listed(windows.window, key) for key in window_keys]
    for values in zip(*columns, strict=True):
        yield json.dumps(dict(zip(window_keys, values, strict=True))) + "\n"


def _listed(columns: Mapping[str, AnyArray], key: str) -> list[Any]:
    """Return a column as plain numbers; where nothing is there as whole ones."""
    values: list[Any] = columns[key].tolist()
    absent = next((columns[flag] for flag, keys in ABSENT.items() if key in keys), None)
    if key in ("seed_score", "calo_score"):
        absent = columns[key] >= 0
    if absent is not None:
        for place in np.flatnonzero(~absent):
            values[place] = int(columns[key][place])
    return values


def _particles(calos: Lists) -> list[Any]:
    """Return the particles of each window as maps."""
    each = [
        dict(zip(calos.columns, v, strict=True))
        for v in zip(*map(np.ndarray.tolist, calos.columns.values()), strict=True)
    ]
    return [each[first:last] for first, last in itertools.pairwise(calos.offsets.tolist())]


def _hits(hits: Lists) -> list[Any]:
    """Return the hits of each cluster as lists of six numbers."""
    each = [list(hit) for hit in zip(*(hits[part].tolist() for part in HIT_PARTS), strict=True)]
    bounds = hits.offsets.tolist()
    return [each[first:last] for first, last in itertools.pairwise(bounds)]
