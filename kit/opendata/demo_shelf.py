"""What the demo of the catalogue finds: a small release and a record, made of generated events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit import files
from kit.opendata.demo import VERSION, demo
from kit.opendata.demo_service import file_entry, stock
from kit.parameters import Parameters

__all__ = ["build", "folder", "prepare"]

RELEASE, RECORD = "2020e-13tev", 19980
EVENTS = 600  # in a file
PUBLIC = "eos/opendata"


def folder() -> Path:
    """Return the folder that the demo's service serves."""
    return files.resolve(f"outputs/demo/opendata/service_v{VERSION}")


def prepare(p: Parameters) -> None:
    """Make what the service of the demo serves, where `p` asks for it and it does not exist."""
    if getattr(p, "local", False) and not (folder() / "records.json").is_file():
        build(folder())


def build(place: Path, events: int = EVENTS) -> None:
    """Make the files of a release (two of data, three of simulation) and of a record, and their tables."""
    data = [_made(place, f"atlas/{RELEASE}/Data/data_{x}.root", RELEASE, events, n) for n, x in enumerate("AB", 1)]
    z = [_made(place, f"atlas/{RELEASE}/MC/mc_{n}.Zee.root", RELEASE, events, n) for n in (361106, 361107)]
    top = _made(place, f"atlas/{RELEASE}/MC/mc_410000.ttbar.root", RELEASE, events, 410000)
    plain = [_made(place, f"cms/mc/nano_{n}.root", "nanoaod", events // 4, 100 + n) for n in range(2)]
    indexed = [_made(place, f"cms/mc/part{n}/nano_{n}.root", "nanoaod", events // 8, 200 + n) for n in range(7)]
    datasets = [
        _dataset("data", None, data, place),
        _dataset(361106, "Zee", z, place, cross_section_pb=1950.0, nEvents=2 * events, sumOfWeights=2.0 * events),
        _dataset(
            410000, "ttbar_lep", [top], place, cross_section_pb=452.7, nEvents=events, sumOfWeights=1.0 * events
        ),
        _dataset(999999, "without_files", [], place),
    ]
    entries = [file_entry(path, place) for path in indexed]
    record = {
        "title": "Generated events in the form of NanoAOD",
        "experiment": ["CMS"],
        "type": {"primary": "Dataset", "secondary": ["Simulated"]},
        "license": {"attribution": "CC0"},
        "files": [file_entry(path, place) for path in plain],
        "index_files": [
            {"key": f"part{n}_file_index.json", "number_files": 1, "size": entry["size"], "files": [entry]}
            for n, entry in enumerate(entries)
        ],
    }
    stock(place, {RELEASE: datasets}, {str(RECORD): record})


def _made(place: Path, name: str, schema: str, events: int, seed: int) -> Path:
    path = place / PUBLIC / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        with files.whole(path) as part:
            demo(schema, part, events, seed)
    return path


def _dataset(key: int | str, name: str | None, paths: list[Path], place: Path, **told: Any) -> dict[str, Any]:
    """Return an entry as the ATLAS service tells it; the files are the skim ``2lep``, too."""
    addresses = [file_entry(path, place)["uri"].replace("cern.ch//", "cern.ch:1094//") for path in paths]
    return {
        "dataset_number": key,
        "physics_short": name,
        "e_tag": None,
        "cross_section_pb": None,
        "genFiltEff": 1.0 if name else None,
        "kFactor": 1.0 if name else None,
        "nEvents": None,
        "sumOfWeights": None,
        "sumOfWeightsSquared": None,
        "process": name,
        "generator": "the kit's demo",
        "keywords": [],
        "description": "generated events",
        "job_path": None,
        "release": {"name": RELEASE},
        "file_list": addresses,
        "skims": [{"skim_type": "2lep", "file_list": addresses[:1]}] if addresses else [],
        **told,
    }
