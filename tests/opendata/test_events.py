"""The stage `events`: what it counts, what it writes, and how it goes on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from kit.files import FormatError, adler32
from kit.opendata.demo import demo
from kit.opendata.events import EventParameters, read_events
from kit.opendata.sources import Chunk, Reader, open_source
from kit.parameters import ParameterError
from kit.run import Run, RunError, load
from tests.opendata.comparison import bad_objects, bad_objects_notice

EVENTS = 1200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for number in range(3):
        demo("2024r-pp", folder / f"{number}.root", EVENTS, number, unsorted=True)
    return folder


def _run(output: Path, *inputs: Path | str, **values: Any) -> Run:
    p = EventParameters.build({"inputs": [str(i) for i in inputs], "output": str(output), **values})
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    return run


def _json(run: Run, name: str) -> dict[str, Any]:
    return json.loads((run.directory / name).read_text())


def _chunk(path: Path | str) -> Chunk:
    with Reader(open_source(str(path))) as reader:
        return reader.read(0, reader.source.entries, ids=True)


def test_the_demo_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kit.opendata.demo.DEMO_EVENTS", EVENTS)
    p = EventParameters(output=str(tmp_path / "run"))
    from kit.opendata.demo import prepare

    prepare(p)
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    assert run.summary["events"] == EVENTS
    assert run.summary["final_states"] > 20
    assert not run.summary["empty"]
    assert run.notices == []
    assert {path.name for path in run.directory.iterdir()} == {"manifest.json", "cutflow.json", "objects.json"}


def test_without_cuts_real_data_have_the_final_states_of_the_reference(shared_data: Path, tmp_path: Path):
    folder = shared_data / "opendata"
    run = _run(tmp_path / "run", folder / "data_A.4lep.root", pt_min={}, eta_max={})
    reference = json.loads((folder / "reference_data_A.4lep_no_cuts.json").read_text())
    assert _json(run, "objects.json")["final_states"] == reference["final_states"]
    assert run.summary["rejected"] == reference["dropped"]
    assert run.summary["events"] == reference["n_events"]


def test_the_cutflow_only_falls_and_ends_with_the_events_of_the_final_states(made: Path, tmp_path: Path):
    run = _run(tmp_path / "run", made / "0.root")
    steps = _json(run, "cutflow.json")["steps"]
    events = [step["events"] for step in steps]
    assert [step["step"] for step in steps] == ["read", "finite", "object cuts", "count window", "type window"]
    assert events == sorted(events, reverse=True)
    assert [step["sum_of_weights"] for step in steps] == events
    assert events[-1] == sum(_json(run, "objects.json")["final_states"].values())


def test_the_manifest_names_inputs_by_their_checksum(made: Path, tmp_path: Path):
    [entry] = load(_run(tmp_path / "run", made / "0.root").directory).manifest["inputs"]
    assert entry["checksum"] == adler32(str(made / "0.root"))


def test_distributions_hold_what_the_file_has(made: Path, tmp_path: Path):
    content = _json(_run(tmp_path / "run", made / "0.root"), "objects.json")
    jets = content["types"]["j"]
    pt = _chunk(made / "0.root").objects["j"].pt / 1000
    counts, _ = np.histogram(pt, content["edges"]["pt"])
    assert jets["distributions"]["read"]["pt"]["counts"] == counts.tolist()
    assert (jets["name"], jets["read"], jets["dropped"]) == ("jets", len(pt), 0)
    assert sum(jets["distributions"]["selected"]["pt"]["counts"]) <= jets["selected"] < jets["read"]


@pytest.mark.parametrize("values", [{"workers": 2}, {"chunk_events": 1000}, {"job": 1, "jobs": 1}])
def test_pieces_and_workers_change_nothing(made: Path, tmp_path: Path, values: dict[str, int]):
    plain = _run(tmp_path / "plain", made / "*.root", write_skim=True)
    other = _run(tmp_path / "other", made / "*.root", write_skim=True, **values)
    for name in ("cutflow.json", "objects.json"):
        assert _json(plain, name) == _json(other, name)
    one, two = (_chunk(run.directory / "events_2024r-pp_1.root") for run in (plain, other))
    for letter, objects in one.objects.items():
        assert objects.pt.tobytes() == two.objects[letter].pt.tobytes()
    np.testing.assert_array_equal(one.ids["event"], two.ids["event"])


@pytest.mark.parametrize("jobs", [2, 3, 5])
def test_the_jobs_together_read_what_one_reads(made: Path, tmp_path: Path, jobs: int):
    alone = _json(_run(tmp_path / "alone", made / "*.root"), "objects.json")
    shares = [
        _json(_run(tmp_path / f"{job}", made / "*.root", job=job, jobs=jobs, chunk_events=1000), "objects.json")
        for job in range(1, jobs + 1)
    ]
    for letter, told in alone["types"].items():
        assert sum(share["types"].get(letter, {}).get("selected", 0) for share in shares) == told["selected"]
    for state, events in alone["final_states"].items():
        assert sum(share["final_states"].get(state, 0) for share in shares) == events


def test_the_skim_holds_every_event_in_the_order_of_the_inputs(made: Path, tmp_path: Path):
    run = _run(tmp_path / "run", made / "1.root", made / "0.root", write_skim=True)
    assert run.summary["skims"] == ["events_2024r-pp_1.root"]
    skim = _chunk(run.directory / "events_2024r-pp_1.root")
    raw = [_chunk(made / name) for name in ("1.root", "0.root")]
    for letter, objects in skim.objects.items():
        assert objects.pt.tobytes() == b"".join(chunk.objects[letter].pt.tobytes() for chunk in raw)
    assert skim.events == 2 * EVENTS


def test_a_skim_gives_the_same_answers_as_its_source(made: Path, tmp_path: Path):
    raw = _run(tmp_path / "raw", made / "*.root", write_skim=True)
    skim = _run(tmp_path / "skim", raw.directory / "events_2024r-pp_1.root")
    for name in ("cutflow.json", "objects.json"):
        assert _json(raw, name) == _json(skim, name)


def test_each_release_has_a_skim_of_its_own(made: Path, tmp_path: Path):
    other = demo("2025e-13tev-beta", tmp_path / "education.root", EVENTS, 1)
    run = _run(tmp_path / "run", made / "0.root", other, made / "2.root", write_skim=True)
    assert run.summary["skims"] == ["events_2024r-pp_1.root", "events_2025e-13tev-beta_1.root"]
    assert [open_source(str(run.directory / name)).unit for name in run.summary["skims"]] == ["MeV", "GeV"]


def test_skim_files_are_closed_at_the_wanted_size(made: Path, tmp_path: Path):
    run = _run(tmp_path / "run", made / "*.root", write_skim=True, skim_bytes=50_000)
    assert len(run.summary["skims"]) == 3
    assert sum(open_source(str(run.directory / name)).entries for name in run.summary["skims"]) == 3 * EVENTS


def test_gev_and_mev_schemas_of_the_same_events_agree(tmp_path: Path):
    contents = []
    for schema in ("2024r-pp", "2020e-13tev", "2025e-13tev-beta", "nanoaod"):
        path = demo(schema, tmp_path / f"{schema}.root", EVENTS, 5)
        contents.append(_json(_run(tmp_path / schema, path), "objects.json"))
    assert all(content["final_states"] == contents[0]["final_states"] for content in contents)
    assert all(content["types"] == contents[0]["types"] for content in contents)


def test_a_bad_file_fails_the_run_and_the_others_are_kept_for_the_next(made: Path, tmp_path: Path):
    bad = tmp_path / "bad.root"
    bad.write_bytes(b"")
    inputs = [made / "0.root", bad, made / "1.root"]
    with pytest.raises(RunError, match=r"(?s)1 of 3 files failed.*bad.root: zero bytes"):
        _run(tmp_path / "run", *inputs, write_skim=True)
    assert not (tmp_path / "run" / "objects.json").exists()
    bad.write_bytes((made / "2.root").read_bytes())
    run = _run(tmp_path / "run", *inputs, write_skim=True)
    assert run.summary["pieces_done_before"] == 2
    whole = _run(tmp_path / "whole", made / "0.root", made / "2.root", made / "1.root", write_skim=True)
    assert _json(run, "objects.json") == _json(whole, "objects.json")
    events = [_chunk(r.directory / "events_2024r-pp_1.root").ids["event"] for r in (run, whole)]
    np.testing.assert_array_equal(*events)


def test_a_record_without_its_part_of_the_skim_is_done_again(made: Path, tmp_path: Path):
    bad = tmp_path / "bad.root"
    bad.write_bytes(b"")
    with pytest.raises(RunError, match="1 of 2 files failed"):
        _run(tmp_path / "run", made / "0.root", bad, write_skim=True)
    for part in (tmp_path / "run" / ".work").glob("*.root"):
        part.unlink()
    bad.write_bytes((made / "2.root").read_bytes())
    run = _run(tmp_path / "run", made / "0.root", bad, write_skim=True)
    assert run.summary["pieces_done_before"] == 0
    assert open_source(str(run.directory / "events_2024r-pp_1.root")).entries == 2 * EVENTS


def test_failures_that_are_allowed_are_told(made: Path, tmp_path: Path):
    page = tmp_path / "page.root"
    page.write_bytes(b"<html>" + bytes(600))
    run = _run(tmp_path / "run", made / "0.root", page, max_failed_fraction=0.5)
    assert (run.summary["files"], run.summary["files_failed"]) == (1, 1)
    zeros = r"\x00" * 10
    assert run.notices == [
        f"left out: {page}: begins with b'<html>{zeros}', an HTML page, a ROOT file begins with b'root'; 606 bytes"
    ]


def test_a_file_with_a_damaged_basket_counts_for_nothing(tmp_path: Path, made: Path):
    big = demo("2024r-hi", tmp_path / "big.root", 40_000, 1)
    with uproot.open(big) as file:
        branch = file["CollectionTree"]["MuonsAuxDyn.pt"]
        place = int(branch.member("fBasketSeek")[1]) + 500
    content = bytearray(big.read_bytes())
    content[place] ^= 0xFF
    big.write_bytes(bytes(content))
    run = _run(tmp_path / "run", big, made / "0.root", chunk_events=20_000, max_failed_fraction=0.5, retries=0)
    assert run.summary["events"] == EVENTS
    [told] = [notice for notice in run.notices if notice.startswith("left out: ")]
    assert told.startswith(f"left out: {big}: MuonsAuxDyn.pt: entries 20000 to 39999: cannot be read: ")


def test_nothing_selected_is_a_valid_empty_result_and_is_said(made: Path, tmp_path: Path):
    run = _run(tmp_path / "run", made / "0.root", pt_min=dict.fromkeys("emjgt", 1e6))
    assert run.state == "complete"
    assert run.summary["empty"]
    assert _json(run, "objects.json")["final_states"] == {}
    left = {"object cuts": 0, "count window": 0, "type window": 0}
    assert run.summary["cutflow"].items() >= {"read": EVENTS, **left}.items()
    assert run.notices == [f"nothing was selected; events left after each step: {run.summary['cutflow']}"]


@pytest.mark.parametrize("write_skim", [False, True])
def test_a_file_without_events_is_a_valid_input(tmp_path: Path, write_skim: bool):
    run = _run(tmp_path / "run", demo("nanoaod", tmp_path / "demo.root", 0, 1), write_skim=write_skim)
    assert (run.state, run.summary["events"], run.summary["empty"]) == ("complete", 0, True)
    assert run.summary["skims"] == []


def test_bad_objects_are_counted_and_said_aloud(tmp_path: Path):
    run = _run(tmp_path / "run", demo("nanoaod", tmp_path / "demo.root", EVENTS, 1, bad_values=0.1))
    jets = _json(run, "objects.json")["types"]["j"]
    assert jets["dropped"] == run.summary["dropped"]["j"] == pytest.approx(0.1 * jets["read"], rel=0.3)
    expected = bad_objects(EVENTS, 1, 0.1)
    assert run.summary["dropped"] == {letter: bad for letter, (bad, _) in expected.items()}
    assert run.notices == [bad_objects_notice(tmp_path / "demo.root", expected)]


def test_missing_types_are_said(shared_data: Path, tmp_path: Path):
    run = _run(tmp_path / "run", shared_data / "opendata" / "nano_tt_v12.root")
    path = shared_data / "opendata" / "nano_tt_v12.root"
    assert run.notices == [
        f"{name} count as absent in {path}: no branch {stem}_pt, {stem}_eta, {stem}_phi"
        for name, stem in (("photons", "Photon"), ("taus", "Tau"))
    ]
    assert "g" not in _json(run, "objects.json")["types"]


def test_a_copy_among_the_inputs_is_refused(made: Path, tmp_path: Path):
    copy = tmp_path / "copy.root"
    copy.write_bytes((made / "0.root").read_bytes())
    with pytest.raises(
        FormatError, match=r"(?s)copy.root.*holds the same events as|holds the same events as.*copy.root"
    ):
        _run(tmp_path / "run", made / "0.root", copy)


def test_max_files_is_applied_before_the_share(made: Path, tmp_path: Path):
    run = _run(tmp_path / "run", made / "*.root", max_files=2, job=2, jobs=2)
    assert run.summary["files"] == 1
    assert run.summary["events"] == EVENTS


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"skim_bytes": 0}, "skim_bytes is 0 B"),
        ({"job": 3, "jobs": 2}, "job is 3, above jobs, 2"),
        ({"inputs": []}, "inputs"),
        ({"write_skims": True}, r"did you mean write_skim\?"),
    ],
)
def test_values_that_cannot_be_used_are_refused(values: dict[str, Any], message: str):
    with pytest.raises(ParameterError, match=message):
        EventParameters.build(values)
