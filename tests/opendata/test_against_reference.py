"""The stage `masses` against R1: every schema, every switch, bin by bin and mass by mass."""

from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from kit.opendata.massfile import read_masses
from kit.run import Run, RunError
from tests.opendata import reference
from tests.opendata.comparison import CASES, EVENTS, FAULTS, FORMS, MUONS_ALONE, REAL, compare, stage_masses
from tests.opendata.reference import answer

DemoFile = Callable[..., Path]


FITTING = [(name, case) for name in REAL for case in CASES if name != MUONS_ALONE or "two types" not in case]


@pytest.mark.parametrize(("name", "case"), FITTING)
def test_real_files(shared_data: Path, tmp_path: Path, name: str, case: str):
    compare([shared_data / "opendata" / name], tmp_path, CASES[case])


@pytest.mark.parametrize("name", REAL)
def test_real_files_compiled(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    compare([shared_data / "opendata" / name], tmp_path, CASES["rank 2"])


def test_a_type_that_the_file_lacks_is_refused(shared_data: Path, tmp_path: Path):
    with pytest.raises(RunError, match="jets"):
        compare([shared_data / "opendata" / MUONS_ALONE], tmp_path, CASES["own cuts, two types"])


def test_two_files_of_one_release_add_up(shared_data: Path, tmp_path: Path, kernels: str):
    paths = [shared_data / "opendata" / name for name in ("data_A.4lep.root", "data_B.4lep.root")]
    assert compare(paths, tmp_path, CASES["sub-leading, no cuts"]).entries == 39 + 156


SOUND, FAULTY = FAULTS
SWITCHES = [(SOUND, "defaults"), *((FAULTY, case) for case in ("sub-leading, no cuts", "cap", "smallest mass"))]


@pytest.mark.parametrize(("faults", "case"), SWITCHES)
@pytest.mark.parametrize("form", FORMS)
def test_demo_files_of_every_schema(demo_file: DemoFile, tmp_path: Path, form: str, faults: str, case: str):
    expected = compare([demo_file(form, faults)], tmp_path, CASES[case])
    assert expected.entries == EVENTS
    assert (sum(expected.dropped.values()) > 0) == (faults != "sound")


@pytest.mark.parametrize("form", FORMS)
def test_demo_files_of_every_schema_compiled(
    demo_file: DemoFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
):
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    compare([demo_file(form, "bad, unsorted, repeated")], tmp_path, CASES["sub-leading, no cuts"])


@pytest.mark.parametrize("case", CASES)
def test_every_case_on_bad_and_unsorted_objects(demo_file: DemoFile, tmp_path: Path, kernels: str, case: str):
    path = demo_file("PHYSLITE", "bad, unsorted, repeated", 3000, 11)
    assert compare([path], tmp_path, CASES[case]).masses


@pytest.mark.parametrize("case", ["smallest mass", "coarse and short"])
def test_the_cases_that_shall_leave_the_grid_do(demo_file: DemoFile, case: str):
    """Without overflow and masses below the smallest one the comparisons above would prove little."""
    which = CASES[case]
    found = answer([demo_file("PHYSLITE", "sound")], which.choice).masses
    filled = [reference.fill(pair, m, which.width, which.top, which.lowest) for pair, m in found.items()]
    assert sum(f.below if which.lowest else f.overflow for f in filled) > 10


def test_files_of_different_schemas_add_up(demo_file: DemoFile, tmp_path: Path, kernels: str):
    forms = ("PHYSLITE as RNTuple", "2025e", "2016e", "NanoAOD")
    paths = [demo_file(form, "bad, unsorted, repeated", 500, 20 + i) for i, form in enumerate(forms)]
    compare(paths, tmp_path, CASES["cap"])


def test_pieces_of_a_file_add_up(demo_file: DemoFile, tmp_path: Path, kernels: str):
    """The demo's file has clusters of 20 000 events: three, the last one not full."""
    path = demo_file("PHYSLITE", "bad, unsorted, repeated", 45_000)
    expected = compare([path], tmp_path, CASES["defaults"], chunk_events=10_000)
    assert len(expected.masses) > 1000
    assert len(list(read_masses(tmp_path / "masses" / "masses.parquet").records())) > 1


EDGES = {  # of one type: pT in GeV and η, event by event
    "Electron": [
        [(25.0, 2.47), (24.999998, 0.1), (25.0, 2.4699998)],  # 2.47 as a float32 is above 2.47
        [(40.0, -1.0), (40.0, 0.5), (40.0, 2.0)],  # equal in pT: the order of the file holds
        [(30.0, -10.0), (30.0, 11.0), (30.0, 0.0)],
        [(50.0, 0.0), (45.0, 0.1), (40.0, 0.2), (35.0, 0.3), (30.0, 0.4)],  # one too many
        [],
        [(26.0, 1.0)],
        [(26.0, 1.0), (60.0, -2.0)],
    ],
    "Muon": [[(25.0, 2.5), (25.0, -2.5)], [(30.0, 1.0)], [(90.0, 0.0)], [], [], [(80.0, 1.5)], [(25.0, 0.0)]],
    "Jet": [
        [(30.0, 4.5), (29.999998, 0.0), (30.0, -4.5)],
        [(100.0, 3.0), (200.0, -3.0), (100.0, -1.0), (100.0, 2.0)],
        [(50.0, 0.1)],
        [],
        [],
        [(float(50 + i), 0.5 * i) for i in range(6)],  # reject or cap
        [(31.0, 0.0)],
    ],
    "Photon": [[], [], [(25.0, 2.37), (25.0, 2.3700001)], [(30.0, 0.0)], [], [], [(70.0, -1.0)]],
    "Tau": [
        [],
        [(20.0, 2.5), (20.0, -2.5)],
        [(19.999998, 0.0)],
        [],
        [],
        [],
        [(30.0, 0.1)],
    ],  # the last: five types
}


@pytest.mark.parametrize("leaves", [4, 3], ids=["own masses", "masses from the table"])
@pytest.mark.parametrize("case", ["defaults", "no cuts", "sub-leading", "cap", "exact"])
def test_objects_on_the_edge_of_a_cut(tmp_path: Path, kernels: str, case: str, leaves: int):
    columns: dict[str, ak.Array] = {}
    for name, events in EDGES.items():
        numbers = [len(event) for event in events]
        pt, eta = np.array([object_ for event in events for object_ in event], np.float32).T
        phi = (np.arange(len(pt)) * 2.1 % 6 - 3).astype(np.float32)
        for leaf, values in [("pt", pt), ("eta", eta), ("phi", phi), ("mass", 0.1 * pt)][:leaves]:
            columns[f"{name}_{leaf}"] = ak.unflatten(values, numbers)
    with uproot.recreate(tmp_path / "edges.root") as file:
        types = {name: array.type.content for name, array in columns.items()}
        tree = file.mktree("Events", types, counter_name=lambda name: "n" + name.split("_")[0])
        tree.extend(columns)
    assert compare([tmp_path / "edges.root"], tmp_path, CASES[case]).rejected


@pytest.mark.parametrize("events", [0, 1])
def test_files_of_no_event_and_of_one(tmp_path: Path, demo_file: DemoFile, kernels: str, events: int):
    compare([demo_file("PHYSLITE", "sound", events)], tmp_path, CASES["defaults"])


@pytest.mark.parametrize("source", ["data_A.4lep.root", "PHYSLITE_example.root", "nano_dimuon.root"])
def test_a_skim_gives_the_masses_of_its_source(shared_data: Path, tmp_path: Path, source: str):
    raw = shared_data / "opendata" / source
    skims = write_skim(raw, tmp_path / "events")
    from_raw = compare([raw], tmp_path / "raw", CASES["sub-leading, no cuts"])
    from_skim = compare(skims, tmp_path / "skim", CASES["sub-leading, no cuts"])
    assert (from_raw.events, from_raw.masses) == (from_skim.events, from_skim.masses)
    assert stage_masses(tmp_path / "raw" / "masses") == stage_masses(tmp_path / "skim" / "masses")


@pytest.mark.parametrize("form", FORMS)
def test_a_skim_of_every_schema_gives_the_masses_of_its_source(demo_file: DemoFile, tmp_path: Path, form: str):
    raw = demo_file(form, "bad, unsorted, repeated")
    skims = write_skim(raw, tmp_path / "events")
    assert compare(skims, tmp_path, CASES["cap"]).masses == answer([raw], CASES["cap"].choice).masses


def write_skim(path: Path, directory: Path) -> list[Path]:
    from kit.opendata.events import EventParameters, read_events

    p = EventParameters(inputs=[str(path)], output=str(directory), interactive=False, write_skim=True)
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    skims = sorted(directory.glob("events_*.root"))
    assert skims
    return skims
