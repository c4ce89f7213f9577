"""The options of the selection against R1: every schema, every option, bin by bin and weight by weight."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.opendata.demo_extras import GENERATED
from kit.opendata.events import EventParameters, read_events
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.opendata.spectra import Spectra, merge
from kit.run import Run
from tests.opendata import reference
from tests.opendata.comparison import FORMS
from tests.opendata.reference import NO_CUTS, Choice
from tests.opendata.reference_options import Options, Weighted, answer

DemoFile = Callable[..., Path]
SIGMA = GENERATED["cross_section"] * GENERATED["efficiency"] * GENERATED["k_factor"]
EVENTS = 400
MESSY = "bad, unsorted, repeated"
SIMULATED = {"weights": "mc", "sample": "simulation", "luminosity": 3.0}
NORMALISED = {"cross_section": SIGMA, "sum_of_weights": GENERATED["sum"]}


def run(directory: Path, paths: list[Path], **values: Any) -> Path:
    p = MassParameters(inputs=[str(p) for p in paths], output=str(directory), interactive=False, **values)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return directory


def spectra_of(directory: Path) -> Spectra:
    masses = read_masses(directory / "masses.parquet")
    return merge((record.spectra for record in masses.records()), masses.grid)


def check(directory: Path, expected: Weighted, *, weighted: bool = False) -> None:
    found = spectra_of(directory)
    assert dict(found.events) == dict(expected.events)
    assert sorted(found.pairs) == sorted(expected.masses)
    for pair, masses in expected.masses.items():
        theirs = reference.fill(pair, [mass for mass, _ in masses])
        ours = {int(b): int(found.counts(pair)[b]) for b in np.flatnonzero(found.counts(pair))}
        assert ours == theirs.counts, pair
        if weighted:
            total, square = found.weights(pair)
            bins = np.array([mass // 10 for mass, _ in masses]).astype(int)
            inside = bins < len(total)
            w = np.array([weight for _, weight in masses])[inside]
            np.testing.assert_allclose(total, np.bincount(bins[inside], w, len(total)), rtol=1e-12, atol=1e-9)
            np.testing.assert_allclose(square, np.bincount(bins[inside], w * w, len(total)), rtol=1e-12, atol=1e-9)
    cutflow: dict[str, int] = {}
    for record in read_masses(directory / "masses.parquet").records():
        cutflow = {step: cutflow.get(step, 0) + n for step, n in record.cutflow.items()}
    assert cutflow == {step: expected.steps[step] for step in cutflow}
    assert set(expected.steps) <= set(cutflow)


WITH_B = [form for form in FORMS if form != "2024r-hi"]


@pytest.mark.parametrize("form", WITH_B)
def test_b_tag_and_overlap_removal_in_every_schema(demo_file: DemoFile, tmp_path: Path, form: str):
    path = demo_file(form, MESSY, EVENTS, 5)
    expected = answer([path], Choice(), Options(b_tag=True, overlap=True))
    assert any("b" in combination for _, combination in expected.masses)
    check(run(tmp_path / "m", [path], b_tag=True, overlap_removal=True), expected)


@pytest.mark.parametrize("threshold", [0.2, 0.9])
def test_the_threshold_of_b_jets_can_be_set(demo_file: DemoFile, tmp_path: Path, threshold: float):
    path = demo_file("NanoAOD", "sound", EVENTS, 5)
    expected = answer([path], Choice(), Options(b_tag=True, threshold=threshold))
    check(run(tmp_path / "m", [path], b_tag=True, b_threshold=threshold), expected)


@pytest.mark.parametrize("cuts", ["cuts", "no cuts"])
def test_real_physlite_with_tracks_links_and_isolation(shared_data: Path, tmp_path: Path, kernels: str, cuts: str):
    path = shared_data / "opendata" / "PHYSLITE_example.root"
    choice = Choice(**NO_CUTS) if cuts == "no cuts" else Choice()
    expected = answer([path], choice, Options(b_tag=True, overlap=True, isolation=0.1))
    values = {"pt_min": {}, "eta_max": {}} if cuts == "no cuts" else {}
    directory = run(tmp_path / "m", [path], b_tag=True, overlap_removal=True, relative_isolation_max=0.1, **values)
    check(directory, expected)
    without = answer([path], choice, Options(b_tag=True, isolation=0.1))
    assert expected.events != without.events


@pytest.mark.parametrize("name", ["nanoAOD_2015_CMS_Open_Data_ttbar.root", "data_B.4lep.root", "nano_tt_v12.root"])
def test_real_files_of_other_schemas(shared_data: Path, tmp_path: Path, kernels: str, name: str):
    path = shared_data / "opendata" / name
    expected = answer([path], Choice(**NO_CUTS), Options(b_tag=True, overlap=True, deduplicate=True))
    values = {"pt_min": {}, "eta_max": {}, "b_tag": True, "overlap_removal": True, "deduplicate": True}
    check(run(tmp_path / "m", [path], **values), expected)


TRIGGERS = {"2020e": ("trigE", "trigM"), "2025e": ("trigM",), "NanoAOD": ("HLT_Ele26", "HLT_Mu20")}


@pytest.mark.parametrize("form", TRIGGERS)
def test_duplicates_and_triggers_over_two_files(demo_file: DemoFile, tmp_path: Path, form: str):
    paths = [demo_file(form, MESSY, EVENTS, 5), demo_file(form, MESSY, EVENTS, 6)]  # the same numbers of events
    triggers = TRIGGERS[form]
    expected = answer(paths, Choice(), Options(triggers=triggers, deduplicate=True))
    check(run(tmp_path / "m", paths, triggers=list(triggers), deduplicate=True), expected)
    assert expected.steps["de-duplicated"] < EVENTS < expected.steps["read"]


@pytest.mark.parametrize(
    "form", ["PHYSLITE", "PHYSLITE as RNTuple", "2020e", "2025e", "NanoAOD", "NanoAOD as RNTuple"]
)
def test_weights_in_every_schema_that_has_them(demo_file: DemoFile, tmp_path: Path, form: str):
    path = demo_file(form, MESSY, EVENTS, 5)
    options = Options(luminosity=3.0, normalisation=SIGMA / GENERATED["sum"])
    values = SIMULATED | ({} if form in ("2020e", "2025e") else NORMALISED)
    check(run(tmp_path / "m", [path], **values), answer([path], Choice(), options), weighted=True)


ALL = {
    "b_tag": True, "overlap_removal": True, "deduplicate": True, "relative_isolation_max": 0.2,
    "jets_above_max": "cap",
}  # fmt: skip
EVERYTHING = Options(
    b_tag=True, overlap=True, deduplicate=True, isolation=0.2, triggers=("trigE", "trigM"), luminosity=3.0
)


@pytest.mark.parametrize("form", ["2020e", "2025e"])
def test_everything_at_once(demo_file: DemoFile, tmp_path: Path, kernels: str, form: str):
    path = demo_file(form, MESSY, EVENTS, 5)
    values = ALL | SIMULATED | {"triggers": ["trigE", "trigM"], "sub_leading": True}
    expected = answer([path], Choice(cap=True, max_rank=1), EVERYTHING)
    assert len(expected.masses) > 100
    check(run(tmp_path / "m", [path], **values), expected, weighted=True)


def test_the_cutflow_has_the_sum_of_weights_after_each_step(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("2020e", MESSY, EVENTS, 5)
    p = EventParameters(
        inputs=[str(path)], output=str(tmp_path / "e"), triggers=["trigE", "trigM"], **ALL, **SIMULATED
    )
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    steps = json.loads((run.directory / "cutflow.json").read_text())["steps"]
    expected = answer([path], Choice(cap=True), EVERYTHING)
    names = [
        "read",
        "de-duplicated",
        "trigger",
        "finite",
        "object cuts",
        "overlap removal",
        "count window",
        "type window",
    ]
    assert [step["step"] for step in steps] == names
    for step in steps:
        assert step["events"] == expected.steps[step["step"]]
        assert step["sum_of_weights"] == pytest.approx(expected.sums[step["step"]], rel=1e-12)


@pytest.mark.parametrize("form", ["PHYSLITE", "2020e", "2025e", "NanoAOD"])
def test_a_skim_gives_what_its_source_gives_with_every_option(demo_file: DemoFile, tmp_path: Path, form: str):
    paths = [demo_file(form, MESSY, EVENTS, 5), demo_file(form, MESSY, EVENTS, 6)]
    values = ALL | SIMULATED
    if form in TRIGGERS:
        values = values | {"triggers": list(TRIGGERS[form])}
    if form in ("PHYSLITE", "NanoAOD"):
        values = values | NORMALISED
    if form == "NanoAOD":
        values = {name: value for name, value in values.items() if name != "relative_isolation_max"}
    p = EventParameters(inputs=[str(p) for p in paths], output=str(tmp_path / "e"), write_skim=True, **values)
    with Run("opendata/events", p) as done:
        done.summary = read_events(p, done)
    skims = sorted((tmp_path / "e").glob("events_*.root"))
    raw = spectra_of(run(tmp_path / "raw", paths, **values))
    skimmed = spectra_of(run(tmp_path / "skim", skims, **values))
    assert skimmed == raw
    assert raw.total > 200
    for name in ("pair", "bin", "count"):
        np.testing.assert_array_equal(getattr(skimmed, name), getattr(raw, name))
    veto = json.loads((tmp_path / "e" / "veto.json").read_text())
    assert sum(len(entry["vetoed"]) for entry in veto["files"]) > EVENTS


def test_all_schemas_agree_with_every_option_on(demo_file: DemoFile, tmp_path: Path):
    """Thresholds are set to the same score in each, isolation and triggers are left to the tests above."""
    common = {"pt_min": dict.fromkeys("emjgt", 25.0), "eta_max": dict.fromkeys("emjgt", 2.4), "mass_max": 500.0}
    values = {"b_tag": True, "overlap_removal": True, "deduplicate": True, "scale_factors": [], **SIMULATED}
    same = {"PHYSLITE": 0.774, "PHYSLITE as RNTuple": 0.774, "2020e": 0.2, "2025e": 4.0, "NanoAOD": 0.6}
    found = {}
    for form, threshold in same.items():
        path = demo_file(form, "bad, unsorted, repeated", EVENTS, 5)
        more = {} if form in ("2020e", "2025e") else NORMALISED
        found[form] = spectra_of(run(tmp_path / form, [path], b_threshold=threshold, **common, **values, **more))
    expected = found.pop("NanoAOD")
    assert any("b" in combination for _, combination in expected.pairs)
    for form, spectra in found.items():
        assert spectra.events == expected.events, form
        assert spectra.pairs == expected.pairs, form
        for pair in expected.pairs:
            ours, theirs = spectra.weights(pair), expected.weights(pair)
            moved = np.abs(spectra.counts(pair) - expected.counts(pair)).sum()
            assert moved <= 2, (form, pair)  # a mass at the edge of a bin, stored as another float32
            assert ours[0].sum() == pytest.approx(theirs[0].sum(), rel=1e-6, abs=30.0)


@pytest.mark.parametrize("jobs", [2, 7])
def test_weighted_results_of_any_number_of_jobs_agree(demo_file: DemoFile, tmp_path: Path, jobs: int):
    paths = [demo_file("2025e", MESSY, EVENTS, seed) for seed in (5, 6, 7)]
    p = EventParameters(inputs=[str(p) for p in paths], output=str(tmp_path / "e"), deduplicate=True)
    with Run("opendata/events", p) as done:
        done.summary = read_events(p, done)
    values = ALL | SIMULATED | {"veto_list": str(tmp_path / "e" / "veto.json")}
    parts = [
        run(tmp_path / f"{job}", paths, job=job, jobs=jobs, chunk_events=1000, **values)
        for job in range(1, jobs + 1)
    ]
    merged = merge([spectra_of(part) for part in parts])
    alone = spectra_of(run(tmp_path / "alone", paths, **ALL, **SIMULATED))
    assert merged == alone
    np.testing.assert_allclose(merged.weight, alone.weight, rtol=1e-12)
