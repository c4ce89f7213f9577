"""The stage: files in, windows out; several files, jobs, attempts; what goes wrong."""

import gzip
import json
import re
import shutil
import signal

import awkward as ak
import numpy as np
import pyarrow.parquet as pq
import pytest

from kit.ecal.windows import META, WindowParameters, make_windows
from kit.files import FormatError
from kit.parameters import ParameterError
from kit.run import Run, RunError, load
from tests.ecal.rootfiles import damaged, with_value


@pytest.fixture
def inputs(demo_file, tmp_path):
    """Return a folder with three files of 12 events."""
    (tmp_path / "in").mkdir()
    for number, seed in enumerate((1, 2, 3)):
        shutil.copy(demo_file("pairs", 12, seed), tmp_path / "in" / f"{number}.root")
    return tmp_path / "in"


def run_of(output="run", **values):
    p = WindowParameters(**{"inputs": ["in/*.root"], "output": output} | values)
    with Run("ecal/windows", p) as run:
        run.summary = make_windows(p, run)
    return load(run.directory)


def windows_in(run):
    """Return all windows of a run, in the order of the files."""
    paths = sorted(run.directory.glob("windows_*.parquet"), key=lambda path: int(path.name.split("_")[1]))
    return ak.concatenate([ak.from_parquet(path) for path in paths])


def assert_same(one, other):
    assert len(one)
    assert ak.array_equal(one, other)


def test_each_file_gives_one_and_the_summary_adds_up(inputs):
    run = run_of()
    assert sorted(path.name for path in run.directory.glob("windows_*")) == [
        f"windows_{i + 1}_{i}.{kind}" for i in range(3) for kind in ("meta.csv", "parquet")
    ]
    made = windows_in(run)
    assert (run.summary["files"], run.summary["events"], run.summary["windows"]) == (3, 36, len(made))
    assert run.summary["in_scluster"] == ak.sum(made["cl_labels", "in_scluster"])
    assert run.summary["et_seed"] == pytest.approx(ak.sum(made["seed_features", "et_seed"]))
    assert {entry["path"] for entry in run.manifest["inputs"]} == {str(path) for path in inputs.iterdir()}


def test_chunks_workers_and_jobs_change_nothing(inputs):
    whole = windows_in(run_of(unmatched=2))
    assert_same(windows_in(run_of("chunks", unmatched=2, chunk_events=10)), whole)
    assert_same(windows_in(run_of("workers", unmatched=2, workers=2)), whole)
    parts = [run_of(f"job{job}", unmatched=2, job=job, jobs=2) for job in (1, 2)]
    assert [part.summary["files"] for part in parts] == [1, 2]
    assert_same(ak.concatenate([windows_in(part) for part in parts]), whole)


def test_the_order_in_which_files_are_named_changes_nothing(inputs):
    assert_same(windows_in(run_of("a", inputs=["in/2.root", "in/0.root", "in/1.root"])), windows_in(run_of("b")))


def test_every_layout_gives_the_same(demo_file):
    runs = [
        run_of(layout, inputs=[str(demo_file("pairs", layout=layout))], overlapping=True)
        for layout in ("rntuple", "flat")
    ]
    assert_same(*map(windows_in, runs))


def test_numpy_and_compiled_loops_give_the_same_file(inputs, monkeypatch):
    made = []
    for kernels in ("numpy", "compiled"):
        monkeypatch.setenv("KIT_KERNELS", kernels)
        made.append(windows_in(run_of(kernels, inputs=["in/0.root"], overlapping=True, unmatched="all")))
    assert_same(*made)


def test_text_and_parquet_hold_the_same(inputs):
    run = run_of(formats=["parquet", "ndjson"], nan_fill=None)
    made = windows_in(run)
    plain = run_of("plain", inputs=["in/0.root"], formats=["ndjson"], labels="deepsc")
    with gzip.open(plain.directory / "windows_1_0.ndjson.gz", "rt") as text:
        assert not {"in_mustache", "extra_calos"} & set(re.findall(r'"(\w+)":', text.readline()))
    lines = []
    for number in range(3):
        with gzip.open(run.directory / f"windows_{number + 1}_{number}.ndjson.gz", "rt") as text:
            lines += [json.loads(line) for line in text]
    assert [line["window_index"] for line in lines] == made["window_metadata", "window_index"].to_list()
    for group, name in (
        ("cl_features", "en_cluster"),
        ("cl_labels", "in_scluster"),
        ("cl_metadata", "calo_score"),
    ):
        assert [[c[name] for c in line["clusters"]] for line in lines] == made[group, name].to_list()
    assert [[c["in_mustache"] for c in line["clusters"]] for line in lines] == made[
        "extra_cl", "in_mustache"
    ].to_list()
    assert [line["mean_det_cluster"] for line in lines] == made["window_features", "mean_det_cluster"].to_list()


def test_the_reference_file_gives_the_reference_numbers(ecal_data, monkeypatch):
    monkeypatch.setenv("KIT_SHARED_DATA", str(ecal_data.parent))
    run = run_of(inputs=[str(ecal_data / "ele4_50.root")], working_point="electron_run3_PU65")
    summary = run.summary
    assert (summary["windows"], summary["calo_seeds"], summary["clusters_in_windows"]) == (201, 199, 675)
    assert (summary["in_scluster"], summary["in_geom_mustache"], summary["hits"]) == (346, 272, 6814)
    assert summary["windows_created"] == 1029
    about = json.loads(pq.read_schema(run.directory / "windows_1_ele4_50.parquet").metadata[b"kit.ecal"])
    assert about["working_point"]["name"] == "electron_run3_PU65"
    assert about["input"]["entries"] == 50


def test_the_table_of_events_tells_what_became_of_their_seeds(inputs):
    run = run_of(inputs=["in/0.root"], unmatched="all")
    rows = (run.directory / "windows_1_0.meta.csv").read_text().splitlines()
    assert tuple(rows[0].split(";")) == META
    numbers = np.array([row.split(";") for row in rows[1:]], np.int64)
    assert len(numbers) == 12
    first = ak.from_parquet(run.directory / "windows_1_0.parquet")
    assert numbers[:, 3].sum() == ak.sum(first["window_metadata", "is_seed_calo_matched"])
    assert numbers[:, 3:5].sum() == len(first)
    assert np.array_equal(numbers[:, 3], numbers[:, 5] + numbers[:, 6])


def test_a_range_of_events(inputs):
    assert run_of(first_event=3, events=5).summary["events"] == 15
    assert run_of("b", first_event=100).summary["events"] == 0


def test_both_labels_stand_side_by_side(inputs):
    one = {"inputs": ["in/0.root"]}
    both = windows_in(run_of(both_labels=True, **one))
    alone = windows_in(run_of("deepsc", labels="deepsc", **one))
    assert both["extra_cl", "in_scluster_deepsc"].to_list() == alone["cl_labels", "in_scluster"].to_list()
    other = windows_in(run_of("reverse", labels="deepsc", both_labels=True, **one))
    assert other["extra_cl", "in_scluster_fixed"].to_list() == both["cl_labels", "in_scluster"].to_list()


def test_single_precision_is_asked_for(inputs):
    made = windows_in(run_of(inputs=["in/0.root"], precision="float32"))
    assert "float32" in str(made["cl_features", "en_cluster"].type)


def test_a_bad_file_fails_alone_and_a_rerun_goes_on(inputs):
    whole = windows_in(run_of("good"))
    good = (inputs / "1.root").read_bytes()
    (inputs / "1.root").write_bytes(good[:5000])
    with pytest.raises(RunError, match=r"1 of 3 files failed.*\n.*1\.root: truncated: 5000 bytes found"):
        run_of()
    left = load(inputs.parent / "run")
    assert left.state == "failed"
    kept = (left.directory / "windows_1_0.parquet").stat().st_mtime_ns
    assert not list(left.directory.glob("windows_2_*"))
    (inputs / "1.root").write_bytes(good)
    run = run_of()
    assert (run.directory / "windows_1_0.parquet").stat().st_mtime_ns == kept
    assert_same(windows_in(run), whole)


KILLED = """
import os, signal, sys
from kit.ecal.tables import TableWriter
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run
write, calls = TableWriter.write, []
def until_the_second_chunk_of_the_second_file(self, table):
    calls.append(table)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, table)
TableWriter.write = until_the_second_chunk_of_the_second_file
p = WindowParameters(inputs=["in/*.root"], output="run", chunk_events=10, formats=["parquet", "ndjson"])
with Run("ecal/windows", p) as run:
    make_windows(p, run)
"""


def test_a_killed_job_goes_on_where_it_was_and_leaves_the_same_files(inputs, python):
    process = python("-c", KILLED, cwd=inputs.parent)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    left = inputs.parent / "run"
    assert load(left).state == "running"
    assert sorted(path.name for path in left.glob("windows_*") if path.suffix in (".parquet", ".gz", ".csv")) == [
        f"windows_1_0.{kind}" for kind in ("meta.csv", "ndjson.gz", "parquet")
    ]
    kept = (left / "windows_1_0.parquet").stat().st_mtime_ns
    values = {"chunk_events": 10, "formats": ["parquet", "ndjson"]}
    run, whole = run_of(**values), run_of("whole", **values)
    assert (run.directory / "windows_1_0.parquet").stat().st_mtime_ns == kept
    assert any("1 of 3 files were done by an earlier attempt" in notice for notice in run.manifest["notices"])
    assert run.manifest["attempts"][0]["state"] == "running"
    told = [{o["path"]: o["sha256"] for o in each.manifest["outputs"]} for each in (run, whole)]
    assert told[0] == told[1]
    assert sorted(path.name for path in run.directory.iterdir()) == ["manifest.json", *sorted(told[0])]
    same = {name for name in run.summary if "second" not in name}
    assert {n: run.summary[n] for n in same} == {n: whole.summary[n] for n in same}


def test_with_leave_the_others_stay(inputs):
    (inputs / "1.root").write_text("no file of events " * 10)
    run = run_of(max_failed_fraction=0.4)
    assert (run.summary["files"], run.summary["files_failed"]) == (2, 1)
    ledger = run.manifest["pieces"]
    assert [entry["state"] for entry in ledger] == ["done", "failed", "done"]
    assert "begins with" in ledger[1]["reason"]


def test_a_bad_event_is_refused_or_left_out_and_listed(inputs):
    import numpy as np

    damaged(inputs / "0.root", inputs / "0b.root", pfCluster_phi=with_value(7, 2, np.nan))
    (inputs / "0.root").unlink()
    with pytest.raises(RunError, match=r"0b\.root: event 7: cluster 2: pfCluster_phi is nan"):
        run_of()
    run = run_of("skip", skip_bad=True)
    assert (run.summary["events"], run.summary["events_bad"]) == (35, 1)
    assert "event 7" in run.manifest["pieces"][0]["bad"][0]
    assert any("1 events were left out" in notice for notice in run.manifest["notices"])


def test_a_copy_of_a_file_is_refused(inputs):
    shutil.copy(inputs / "0.root", inputs / "copy.root")
    with pytest.raises(FormatError, match=r"0\.root and .*copy\.root are the same file"):
        run_of()


def test_no_window_gives_a_whole_empty_file_and_says_so(inputs, ecal_data):
    run = run_of(inputs=[str(ecal_data / "edge.root")], events=3)
    made = pq.read_table(run.directory / "windows_1_edge.parquet")
    assert len(made) == 0
    assert "cl_h" in made.schema.names
    assert any("not one window was kept" in notice for notice in run.manifest["notices"])


def test_more_jobs_than_files_is_said(inputs):
    run = run_of(job=1, jobs=9)
    assert run.summary["files"] == 0
    assert any("nothing to do" in notice for notice in run.manifest["notices"])


def test_the_original_is_not_followed_silently(inputs, ecal_data):
    run = run_of(inputs=[str(ecal_data / "ele4_50.root")], association="dR_simScore", labels="deepsc")
    assert any("the largest value is taken" in notice for notice in run.manifest["notices"])
    run = run_of("edge", inputs=[str(ecal_data / "edge.root")], labels="deepsc", seed_score_min=0.7)
    assert run.summary["undefined"] > 0
    assert any("original's labels are not defined" in notice for notice in run.manifest["notices"])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"formats": []}, "formats"),
        ({"formats": ["parquet", "parquet"]}, "formats names one twice"),
        ({"row_group": 50}, "row_group is 50 windows, below 100"),
        ({"labels": "right"}, "labels is 'right', should be fixed or deepsc"),
        ({"unmatched": -1}, "unmatched is -1, below 0"),
        ({"flavour": 13}, "flavour is 13, should be 11 or 22 or 1"),
    ],
)
def test_values_that_cannot_be_used(values, text):
    with pytest.raises(ParameterError, match=text):
        WindowParameters.build(values)
