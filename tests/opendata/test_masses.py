"""The stage as a whole: published numbers, every split of the work, faults, and going on after them."""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kit
from kit.files import FormatError, adler32
from kit.opendata.combinations import combination_named
from kit.opendata.demo import demo
from kit.opendata.massarrays import read_arrays
from kit.opendata.masses import MassParameters, events_at_once, make_masses
from kit.opendata.massfile import MassFile, read_masses
from kit.opendata.merging import merge_masses
from kit.opendata.selection import selection_hash
from kit.opendata.spectra import Spectra, merge
from kit.parameters import ParameterError
from kit.run import Run, RunError, load
from tests.opendata.comparison import bad_objects, bad_objects_notice

NO_CUTS: dict[str, Any] = {"pt_min": {}, "eta_max": {}}


def _run(inputs: list[Path], output: str = "", **values: Any) -> Run:
    p = MassParameters(inputs=[str(path) for path in inputs], output=output, **values)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return run


def _file(run: Run) -> MassFile:
    return read_masses(run.directory / "masses.parquet")


def _spectra(*runs: Run) -> Spectra:
    return merge((record.spectra for run in runs for record in _file(run).records()), _file(runs[0]).grid)


def _bins(spectra: Spectra) -> dict[str, dict[str, int]]:
    return {
        "|".join(pair): {str(place): int(number) for place, number in enumerate(spectra.counts(pair)) if number}
        for pair in spectra.pairs
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of demo files: `one.root` of 6000 events, and six of 1500."""
    folder = tmp_path_factory.mktemp("demo")
    demo("2024r-pp", folder / "one.root", 6000, 1)
    for number in range(6):
        demo("2024r-pp", folder / f"part{number}.root", 1500, 10 + number)
    return folder


@pytest.fixture(scope="module")
def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part*.root"))


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Path:
    return shared_data / "opendata"


# --- published numbers


def test_four_leptons_of_real_data_agree_with_the_reference_pair_by_pair(real: Path):
    reference = json.loads((real / "reference_data_A.4lep_no_cuts.json").read_text())
    run = _run([real / "data_A.4lep.root"], keep_masses=True, **NO_CUTS)
    spectra = _spectra(run)
    assert run.summary["events"] == reference["n_events"] == 39
    assert run.summary["rejected"] == reference["dropped"] == 2
    assert spectra.events == reference["final_states"]
    assert (len(spectra.events), len(spectra.pairs), spectra.total) == (12, 121, 348)
    assert _bins(spectra) == {pair: line["bins10"] for pair, line in reference["hists"].items()}
    total = 0.0
    for _, state, combination, masses in read_arrays(run.directory / "mass_arrays.parquet"):
        line = reference["hists"].pop(f"{state}|{combination}")
        assert len(masses) == line["n"]
        assert [masses.sum(), masses.min(), masses.max()] == pytest.approx(
            [line["sum"], line["min"], line["max"]], abs=1e-6
        )
        total += masses.sum()
    assert not reference["hists"]
    assert total == pytest.approx(60260.374, abs=1e-3)


def test_real_simulation_gives_the_published_number_of_pairs_and_entries(real: Path):
    summary = _run([real / "PHYSLITE_example.root"]).summary
    assert (summary["pairs"], summary["entries"], summary["overflow"]) == (430, 991, 0)


def test_counted_exactly_only_combinations_that_use_up_a_type_remain(real: Path):
    assert _run([real / "PHYSLITE_example.root"], count_rule="exact").summary["pairs"] == 109


@pytest.mark.parametrize("name", ["nanoAOD_2015_CMS_Open_Data_ttbar.root", "nano_dimuon.root", "data_B.4lep.root"])
def test_each_pair_of_real_data_has_all_events_of_its_final_state(real: Path, name: str):
    spectra = _spectra(_run([real / name], sub_leading=True, same_flavour_min_mass=115.0))
    for pair in spectra.pairs:
        whole = spectra.counts(pair).sum() + spectra.overflow(pair) + spectra.below(pair)
        assert whole == spectra.events[pair[0]]


def test_the_muons_of_a_record_without_other_types_are_counted(real: Path):
    path = real / "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
    run = _run([path], **NO_CUTS)
    assert {combination for _, combination in _spectra(run).pairs} == {"m0m1", "m0m1m2", "m0m1m2m3"}
    absent = dict(zip(["electrons", "jets", "photons", "taus"], ["Electron", "Jet", "Photon", "Tau"], strict=True))
    assert sorted(run.notices) == [
        f"{name} count as absent in {path}: no branch {stem}_pt, {stem}_eta, {stem}_phi"
        for name, stem in absent.items()
    ]


def test_electrons_may_be_asked_to_be_isolated(real: Path):
    loose, tight = (_run([real / "PHYSLITE_example.root"], relative_isolation_max=x).summary for x in (1e9, 0.06))
    assert loose["entries"] == 991
    assert tight["entries"] < 991
    with pytest.raises(RunError, match="isolation of electrons asked for: not in nanoaod files"):
        _run([real / "nano_dimuon.root"], relative_isolation_max=0.06, retries=0)


# --- the same physics however it is stored


def test_schemas_in_different_units_give_the_same_final_states_and_bins(tmp_path: Path):
    found = []
    for schema in ("2024r-pp", "2020e-13tev", "2025e-13tev-beta", "nanoaod"):
        demo(schema, tmp_path / f"{schema}.root", 3000, 5)
        found.append(_spectra(_run([tmp_path / f"{schema}.root"])))
    assert found[0].total > 3000
    for other in found[1:]:
        assert other.events == found[0].events
        assert other == found[0]


def test_objects_may_stand_in_any_order_in_the_file(tmp_path: Path):
    for name, unsorted in (("sorted", False), ("unsorted", True)):
        demo("2024r-pp", tmp_path / f"{name}.root", 2000, 5, unsorted=unsorted)
    assert _spectra(_run([tmp_path / "unsorted.root"])) == _spectra(_run([tmp_path / "sorted.root"]))


def test_two_electrons_of_a_z_are_where_the_z_is(folder: Path):
    spectra = _spectra(_run([folder / "one.root"], bin_width=1.0, mass_max=200.0))
    counts = spectra.counts(("2e_0m_0j_0g_0t_0b", "e0e1"))
    assert 89 <= int(np.argmax(counts)) <= 92


# --- any split of the work


@pytest.mark.parametrize("jobs", [2, 3, 7])
@pytest.mark.parametrize("chunk", [1000, 2500, 200_000])
def test_any_number_of_jobs_and_size_of_pieces_gives_the_same(folder: Path, jobs: int, chunk: int):
    expected = _spectra(_run([folder / "one.root"]))
    runs = [_run([folder / "one.root"], job=job, jobs=jobs, chunk_events=chunk) for job in range(1, jobs + 1)]
    assert _spectra(*runs) == expected
    assert sum(run.summary["events"] for run in runs) == 6000


def test_jobs_of_whole_files_give_the_same_as_one(parts: list[Path]):
    runs = [_run(parts, job=job, jobs=4) for job in range(1, 5)]
    assert _spectra(*runs) == _spectra(_run(parts))
    assert [run.summary["files"] for run in runs] == [1, 2, 1, 2]


def test_the_order_of_files_does_not_matter(parts: list[Path]):
    assert _spectra(_run(parts[::-1])) == _spectra(_run(parts))


def test_memory_makes_pieces_smaller_and_changes_nothing_else(folder: Path):
    whole = _run([folder / "one.root"])
    small = _run([folder / "one.root"], max_memory=200, chunk_events=1500)
    assert small.summary["pieces"] > whole.summary["pieces"] == 1
    assert _spectra(small) == _spectra(whole)
    assert events_at_once(MassParameters(max_memory=200)) < 20_000
    assert events_at_once(MassParameters()) == 200_000
    assert events_at_once(MassParameters(max_memory=1_000_000, chunk_events=300_000)) == 300_000


@pytest.mark.parametrize("inputs", ["one.root", "part*.root"])
def test_workers_side_by_side_give_the_same(folder: Path, inputs: str):
    values: dict[str, Any] = {"chunk_events": 1000, "keep_masses": True}
    one, two = (_run([folder / inputs], workers=workers, **values) for workers in (1, 2))
    assert _spectra(two) == _spectra(one)
    assert _file(two).pieces == _file(one).pieces
    assert _arrays(two) == _arrays(one)


def _arrays(run: Run) -> list[Any]:
    rows = read_arrays(run.directory / "mass_arrays.parquet")
    return [(piece, state, combination, masses.tolist()) for piece, state, combination, masses in rows]


def test_only_the_first_files_are_used_and_shared(parts: list[Path]):
    few = [_run(parts, max_files=3, job=job, jobs=2) for job in (1, 2)]
    assert [run.summary["files"] for run in few] == [1, 2]
    assert _spectra(*few) == _spectra(_run(parts[:3]))


def test_both_sets_of_loops_write_the_same_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    runs = []
    for name in ("numpy", "compiled"):
        monkeypatch.setenv("KIT_KERNELS", name)
        runs.append(_run([folder / "one.root"], sub_leading=True, max_rank=2))
    assert _spectra(runs[0]) == _spectra(runs[1])


# --- what is written


def test_the_cutflow_ends_with_the_events_of_all_final_states(folder: Path):
    run = _run([folder / "one.root"])
    cutflow = run.summary["cutflow"]
    assert list(cutflow) == ["read", "finite", "object cuts", "count window", "type window"]
    assert list(cutflow.values()) == sorted(cutflow.values(), reverse=True)
    assert cutflow["type window"] == sum(_spectra(run).events.values())
    assert run.summary["events"] - run.summary["rejected"] == cutflow["type window"]


def test_the_file_says_what_it_was_made_of(folder: Path, parts: list[Path]):
    run = _run([folder / "one.root"], job=2, jobs=3, chunk_events=2000)
    about, p = _file(run).about, run.parameters
    assert isinstance(p, MassParameters)
    assert about["grid"] == {"width": 10.0, "bins": 1000}
    assert (about["job"], about["jobs"]) == (2, 3)
    assert about["selection_hash"] == selection_hash(p)
    assert about["selection"]["pt_min"]["e"] == 25.0
    assert about["failed"] == []
    assert [(piece["first"], piece["last"]) for piece in about["planned"]] == [(2000, 4000)]
    assert [(piece.first, piece.last) for piece in _file(run).pieces] == [(2000, 4000)]
    assert {record.schema for record in _file(run).records()} == {"2024r-pp"}


def test_the_hash_is_that_of_the_physics_alone():
    same = selection_hash(MassParameters())
    values: list[dict[str, Any]] = [
        {"chunk_events": 1000},
        {"max_memory": 300},
        {"keep_masses": True},
        {"retries": 0},
    ]
    assert {selection_hash(MassParameters(**value)) for value in values} == {same}
    assert selection_hash(MassParameters(sub_leading=True)) != same


def test_what_decides_nothing_does_not_stand_against_adding():
    same = selection_hash(MassParameters())
    assert selection_hash(MassParameters.build({"schema": "2024r-pp"})) == same
    assert selection_hash(MassParameters(max_rank=2)) == same
    ranks = {selection_hash(MassParameters(sub_leading=True, max_rank=rank)) for rank in (1, 2)}
    assert len(ranks | {same}) == 3


def test_a_share_of_files_that_another_run_has_done_whole_can_be_added(parts: list[Path]):
    whole, share, other = _run(parts), _run(parts, job=1, jobs=3), _run(parts[:3], job=1, jobs=3)
    merged = merge_masses([_file(share), _file(whole)])
    assert merged.spectra == _spectra(whole)
    assert len(merged.duplicates) == 2
    with pytest.raises(RunError, match="jobs 2, 3 of 3 are missing"):
        merge_masses([_file(other), _file(whole)])


def test_the_manifest_names_inputs_by_their_checksum_and_what_was_written(parts: list[Path]):
    manifest = load(_run(parts[:2], keep_masses=True).directory).manifest
    assert manifest["state"] == "complete"
    assert [entry["path"] for entry in manifest["inputs"]] == [str(path) for path in parts[:2]]
    assert [entry["checksum"] for entry in manifest["inputs"]] == [adler32(str(path)) for path in parts[:2]]
    assert [entry["path"] for entry in manifest["outputs"]] == ["masses.parquet", "mass_arrays.parquet"]


def test_kept_masses_are_those_that_were_counted_in_the_order_of_the_input(folder: Path):
    whole = _run([folder / "one.root"], keep_masses=True)
    split = _run([folder / "one.root"], keep_masses=True, chunk_events=1000)
    joined: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for _, state, combination, masses in read_arrays(split.directory / "mass_arrays.parquet"):
        joined[state, combination] += masses.tolist()
    spectra = _spectra(whole)
    for _, state, combination, masses in read_arrays(whole.directory / "mass_arrays.parquet"):
        assert joined[state, combination] == masses.tolist()
        counted = np.bincount((masses // 10).astype(int), minlength=1000)
        assert spectra.counts((state, combination)).tolist() == counted.tolist()


def test_masses_of_known_particles_replace_those_of_the_file(folder: Path):
    values: dict[str, Any] = {"keep_masses": True}
    record, known = (_run([folder / "one.root"], mass_source=source, **values) for source in ("record", "known"))
    assert _spectra(known).events == _spectra(record).events
    for (*_, combination, here), (*_, there) in zip(
        read_arrays(record.directory / "mass_arrays.parquet"),
        read_arrays(known.directory / "mass_arrays.parquet"),
        strict=True,
    ):
        if "j" in combination:
            assert (there < here).all()  # jets without mass


def test_small_masses_of_the_same_flavour_are_counted_apart(folder: Path):
    run = _run([folder / "one.root"], same_flavour_min_mass=115.0)
    spectra, plain = _spectra(run), _spectra(_run([folder / "one.root"]))
    assert run.summary["below_minimum"] > 0
    for pair in spectra.pairs:
        if combination_named(pair[1]).same_flavour:
            assert spectra.counts(pair)[:11].sum() == 0
            assert (spectra.counts(pair)[12:] == plain.counts(pair)[12:]).all()
        else:
            assert (spectra.counts(pair) == plain.counts(pair)).all()


def test_masses_beyond_the_grid_are_reported(folder: Path):
    summary = _run([folder / "one.root"], mass_max=100.0).summary
    assert summary["overflow"] > 0
    assert summary["entries"] == _run([folder / "one.root"]).summary["entries"]


def test_fewer_types_give_fewer_final_states(folder: Path):
    spectra = _spectra(_run([folder / "one.root"], objects=["e", "m"]))
    assert all(re.fullmatch(r"\d+e_\d+m_0j_0g_0t_0b", state) for state in spectra.events)
    assert all(re.fullmatch(r"([em]\d)+", combination) for _, combination in spectra.pairs)


# --- faults


def _damage(path: Path, of: Path) -> Path:
    """Write a copy of a file with one basket overwritten: it opens, and cannot be read."""
    content = bytearray(of.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("others", [1, 5])
def test_a_bad_file_is_named_the_others_are_kept_and_the_run_goes_on(
    parts: list[Path], tmp_path: Path, others: int
):
    good = parts[:others]
    bad = _damage(tmp_path / "bad.root", parts[5])
    inputs = [good[0], bad, *good[1:]]
    with pytest.raises(RunError, match=rf"(?s)1 of {others + 1} files failed.*bad.root: .*output outputs/again"):
        _run(inputs, "outputs/again", retries=1)
    failed = load(tmp_path / "outputs/again")
    assert failed.state == "failed"
    assert not (failed.directory / "masses.parquet").exists()
    shutil.copy(parts[5], bad)
    run = _run(inputs, "outputs/again", retries=1)
    assert run.summary["pieces_done_before"] == others
    # rate and MB are of what this attempt did: the file that was mended
    assert run.summary["mb"] == pytest.approx(bad.stat().st_size / 1e6, rel=0.01)
    assert run.summary["events_per_second"] == pytest.approx(1500 / run.summary["seconds"], rel=0.05)
    assert _spectra(run) == _spectra(_run([*good, parts[5]]))


def test_all_bad_files_are_listed_with_the_reason(parts: list[Path], tmp_path: Path):
    (tmp_path / "empty.root").touch()
    (tmp_path / "page.root").write_text("<!DOCTYPE html>" + " " * 4000)
    (tmp_path / "short.root").write_bytes(parts[0].read_bytes()[:-1000])
    inputs = [parts[0], *sorted(tmp_path.glob("*.root"))]
    pattern = r"(?s)3 of 4 files failed.*empty.root: zero bytes.*page.root: begins with.*short.root: truncated"
    with pytest.raises(RunError, match=pattern):
        _run(inputs, retries=0)


def test_a_share_of_failed_files_may_be_allowed(parts: list[Path], tmp_path: Path):
    bad = tmp_path / "bad.root"
    bad.write_text("<html>")
    run = _run([*parts[:3], bad], max_failed_fraction=0.25, retries=0)
    assert (run.summary["files"], run.summary["files_failed"]) == (3, 1)
    assert _spectra(run) == _spectra(_run(parts[:3]))
    [failed] = _file(run).about["failed"]
    assert failed["path"] == str(bad)
    assert "begins with" in failed["reason"]
    assert run.notices == [f"left out: {failed['reason']}"]
    assert failed["reason"].startswith(f"{bad}: begins with b'<html>'")
    (tmp_path / "worse.root").touch()
    with pytest.raises(RunError, match=r"2 of 4 files failed, 0\.25 of them may"):
        _run([*parts[:2], bad, tmp_path / "worse.root"], max_failed_fraction=0.25, retries=0)


def test_the_same_events_twice_are_refused_with_both_paths(parts: list[Path], tmp_path: Path):
    shutil.copy(parts[0], tmp_path / "copy.root")
    with pytest.raises(FormatError, match=r"part0.root holds the same events as \S*copy.root"):
        _run([*parts[:2], tmp_path / "copy.root"])
    with pytest.raises(FormatError, match=r"inputs name files twice.*\n.*part0.root"):
        _run([parts[0], parts[0].parent / "part*.root"])


def test_a_folder_is_said_to_be_one(folder: Path):
    with pytest.raises(RunError, match=r"is a folder, should be a file; \S+/\*.root names all files in it"):
        _run([folder], retries=0)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"there is no \S*nowhere.root"):
        _run([tmp_path / "nowhere.root"])


def test_nothing_selected_is_a_valid_result_and_loudly_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    run = _run([folder / "one.root"], pt_min=dict.fromkeys("emjgt", 1e6), keep_masses=True)
    assert run.summary["empty"] is True
    assert _spectra(run).pairs == []
    assert load(run.directory).state == "complete"
    assert len(pd.read_parquet(run.directory / "masses.parquet")) == 0
    left = {"object cuts": 0, "count window": 0, "type window": 0}
    assert run.summary["cutflow"].items() >= {"read": 6000, **left}.items()
    told = f"nothing was selected; events left after each step: {run.summary['cutflow']}"
    assert run.notices == [told]
    assert f"notice: {told}\n" in capsys.readouterr().out


def test_a_job_without_a_share_is_a_valid_result_and_says_so(folder: Path):
    runs = [_run([folder / "one.root"], job=job, jobs=3) for job in (1, 2, 3)]
    assert [run.summary["empty"] for run in runs] == [True, True, False]
    assert runs[0].notices == ["job 1 of 3 has nothing to do: there are fewer files and pieces than jobs"]
    assert _spectra(*runs) == _spectra(runs[2])


def test_a_tree_without_events_is_done_and_empty(tmp_path: Path):
    demo("nanoaod", tmp_path / "none.root", 0, 1)
    run = _run([tmp_path / "none.root"])
    assert run.summary["empty"] is True
    assert [piece.events for piece in _file(run).pieces] == [0]


def test_bad_objects_are_counted_and_told_where_there_are_many(tmp_path: Path):
    demo("2024r-pp", tmp_path / "bad.root", 2000, 1, bad_values=0.05)
    run = _run([tmp_path / "bad.root"])
    assert run.summary["dropped"].keys() <= set("emjgt")
    expected = bad_objects(2000, 1, 0.05)
    assert run.summary["dropped"] == {letter: bad for letter, (bad, _) in expected.items()}
    assert run.notices == [bad_objects_notice(tmp_path / "bad.root", expected)]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"mass_max": 95.0}, r"mass_max is 95.0 GeV, not a multiple of bin_width, 10.0 GeV"),
        ({"mass_max": 5.0}, r"mass_max is 5.0 GeV, not a multiple of bin_width, 10.0 GeV"),
        ({"bin_width": 0.0}, r"bin_width is 0.0 GeV, not above 0.0 GeV"),
        ({"combination_types": [3, 2]}, r"combination_types: is \[3, 2\], should be two rising numbers"),
        ({"max_total": 1}, r"max_total is 1, below 2"),
        ({"max_total": 9}, r"max_total is 9, above 8"),
        ({"max_rank": 4}, r"max_rank is 4, above 3"),
        ({"mass_source": "file"}, r"mass_source is 'file', should be record or known"),
        ({"count_rule": "equal"}, r"count_rule is 'equal', should be at_least or exact"),
        ({"chunk_events": 999}, r"chunk_events is 999, below 1000"),
        ({"max_memory": 100}, r"max_memory is 100 MB, below 200 MB"),
        ({"max_failed_fraction": 1.5}, r"max_failed_fraction is 1.5, above 1"),
        ({"same_flavour_min_mass": -1.0}, r"same_flavour_min_mass is -1.0 GeV, below 0.0 GeV"),
        ({"job": 2}, r"job is 2, above jobs, 1"),
    ],
)
def test_what_cannot_be_used_is_refused(values: dict[str, Any], fault: str):
    with pytest.raises(ParameterError, match=fault):
        MassParameters.build(values)


@pytest.mark.parametrize(("width", "bins"), [(10.0, 1000), (0.1, 100_000), (2.5, 4000)])
def test_the_grid_ends_where_it_should(width: float, bins: int):
    assert MassParameters(bin_width=width).grid.bins == bins


# --- killed


def _killed_on_the_way(values: dict[str, Any], work: Path) -> subprocess.Popen[bytes]:
    """Start a run in a process of its own and kill it when some pieces are done."""
    code = (
        "import sys, json; from kit.opendata.masses import *; from kit.run import Run\n"
        "p = MassParameters(**json.loads(sys.argv[1]))\n"
        "with Run('opendata/masses', p) as run: run.summary = make_masses(p, run)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(kit.__file__).parents[1]), "KIT_KERNELS": "numpy"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(values)], env=environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while (
        len(list(work.glob("[!.]*[0-9].parquet"))) < 3 and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return process


def test_a_killed_run_goes_on_and_gives_the_same(tmp_path: Path):
    demo("2024r-pp", tmp_path / "long.root", 40_000, 3)
    values: dict[str, Any] = {"chunk_events": 1000, "keep_masses": True}
    output = tmp_path / "outputs" / "killed"
    inputs = [str(tmp_path / "long.root")]
    process = _killed_on_the_way({"inputs": inputs, "output": str(output), **values}, output / ".work")
    assert process.returncode == -signal.SIGKILL
    assert load(output).state == "running"
    assert not (output / "masses.parquet").exists()
    run = _run([tmp_path / "long.root"], str(output), **values)
    assert 3 <= run.summary["pieces_done_before"] < run.summary["pieces"] == 40
    whole = _run([tmp_path / "long.root"], **values)
    assert list(_file(run).records()) == list(_file(whole).records())
    assert _arrays(run) == _arrays(whole)
    assert not (output / ".work").exists()


def test_numbers_of_the_summary_are_finite(folder: Path):
    summary = _run([folder / "one.root"]).summary
    assert summary["mb"] == pytest.approx((folder / "one.root").stat().st_size / 1e6, rel=0.01)
    for name in ("seconds", "events_per_second", "peak_memory_mb"):
        assert math.isfinite(summary[name])
        assert summary[name] > 0


@pytest.mark.parametrize("width", [5e-324, 1e-9])
def test_a_width_that_makes_bins_without_number_is_refused(width):
    with pytest.raises(ParameterError, match=r"bin_width is .* GeV, which makes more than 1,000,000 bins"):
        MassParameters.build({"bin_width": width})
