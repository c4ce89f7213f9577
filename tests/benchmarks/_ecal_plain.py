"""The plain way from a dumper file to parquet: loop, text, archive, conversion; nothing of the kit."""

import json
import sys
import tarfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ecal import reference


def windows_as_text(path, table, numbers, events, target, **options):
    """Write the windows of the first events of a file, one JSON object a line; return how many there are."""
    number = 0
    with target.open("w") as stream:
        for event in islice(reference.events_in(path, BRANCHES), events):
            for window in reference.windows_of(event, table, numbers, **options):
                stream.write(json.dumps(window) + "\n")
                number += 1
    return number


def packed(text, archive):
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        tar.add(text, "output.ndjson")


def converted(archive, target, groups):
    """Read the text back, with -999 for NaN, and write the groups of the public layout as parquet."""
    import awkward as ak

    with tarfile.open(archive) as tar:
        lines = tar.extractfile("output.ndjson").read().decode()
    windows = ak.from_json(lines.replace("NaN", "-999.0"), line_delimited=True)
    clusters = windows.clusters
    made = {}
    for group, names in groups.items():
        of = clusters if group.startswith("cl_") else windows
        if group == "cl_h":
            made[group] = clusters.cl_hits[..., [0, 1, 2, 4]]
        elif not group.startswith("extra"):
            made[group] = ak.zip({name: of[name] for name in names if name != "flavour"}, depth_limit=1)
    ak.to_parquet(ak.zip(made, depth_limit=1), target, compression="zstd")


SHAPES = reference.SHAPES
CLUSTER = ("energy", "rawEnergy", "eta", "phi", "ieta", "iphi", "iz", "nXtals", "etaWidth", "phiWidth", *SHAPES)
BRANCHES = [
    *("eventId", "lumiId", "runId", "nVtx", "rho", "truePU", "obsPU"),
    *(f"pfCluster_{name}" for name in (*CLUSTER, *(f"full5x5_{s}" for s in SHAPES))),
    *("pfCluster_sim_fraction", "pfCluster_simEnergy_sharedXtals"),
    *(f"pfClusterHit_{name}" for name in ("rechitEnergy", "fraction", "ieta", "iphi", "iz")),
    *(f"caloParticle_{name}" for name in ("simEnergy", "simEnergyGoodStatus", "genEnergy", "simIz")),
    *(f"caloParticle_{kind}{axis}" for kind in ("sim", "gen") for axis in ("Eta", "Phi")),
    *(f"superCluster_{name}" for name in ("seedIndex", "rawEnergy", "energy", "eta", "pfClustersIndex")),
]


def whole_chain(path, table, numbers, events, folder, groups, **options):
    """Do all steps and return the CPU seconds of each."""
    text, archive = folder / "plain.ndjson", folder / "plain.ndjson.tar.gz"
    steps = (
        lambda: windows_as_text(path, table, numbers, events, text, **options),
        lambda: packed(text, archive),
        lambda: converted(archive, folder / "plain.parquet", groups),
    )
    seconds = []
    for step in steps:
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return seconds
