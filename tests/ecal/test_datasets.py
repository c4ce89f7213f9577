"""The stage: windows of all jobs in, one dataset out."""

import json
import shutil

import awkward as ak
import numpy as np
import pandas as pd
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
import yaml

from kit.ecal import demo_windows
from kit.ecal.datasets import DatasetParameters, make_datasets
from kit.ecal.features import SHIPPED
from kit.ecal.windows import WindowParameters, make_windows
from kit.files import FormatError
from kit.parameters import ParameterError
from kit.run import Run, RunError, load
from tests.ecal.tfrecord_reader import example, read_records


@pytest.fixture(scope="module")
def home(demo_file, tmp_path_factory):
    """Return a folder with three files of pairs, and windows of them: all in one run, and in three jobs."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "in").mkdir()
    for number, seed in enumerate((1, 2, 3)):
        shutil.copy(demo_file("pairs", 40, seed), folder / "in" / f"{number}.root")

    def make(output, inputs="in/*.root", **values):
        where = {"inputs": [str(folder / inputs)], "output": str(folder / output)}
        p = WindowParameters(**where, unmatched=1, **values)
        with Run("ecal/windows", p) as run:
            run.summary = make_windows(p, run)

    make("whole", formats=["parquet", "ndjson"])
    for job in (1, 2, 3):
        make(f"jobs/{job}", job=job, jobs=3)
    shutil.copy(demo_file("photons", 40, 9), folder / "photons.root")
    make("photons", "photons.root", flavour=22)
    return folder


def run_of(home, output="run", inputs=("whole",), **values):
    p = DatasetParameters(inputs=[str(home / name) for name in inputs], output=output, **values)
    with Run("ecal/datasets", p) as run:
        run.summary = make_datasets(p, run)
    return load(run.directory)


def rows(run, split="train"):
    return ak.from_parquet(run.directory / split)


def assert_same(one, other):
    assert len(one)
    assert ak.array_equal(one, other)


def names_of(windows):
    return windows["window_metadata", "window_index"].to_list()


def windows_of(home):
    paths = sorted((home / "whole").glob("windows_*.parquet"))
    return ak.concatenate([ak.from_parquet(path) for path in paths])


def test_the_dataset_is_all_windows_in_order(home):
    run = run_of(home)
    assert_same(rows(run), windows_of(home))
    assert run.summary["windows"] == len(windows_of(home))


def test_many_jobs_give_what_one_gives(home):
    one, many = run_of(home, "one"), run_of(home, "many", ["jobs"])
    assert_same(rows(one), rows(many))
    backwards = run_of(home, "backwards", ["jobs/3", "jobs/1", "jobs/2"])
    assert names_of(rows(backwards)) == names_of(rows(one))


def test_it_reads_as_one_frame_by_awkward_pyarrow_and_pandas(home, monkeypatch):
    run = run_of(home, split={"train": 0.5, "validation": 0.5})
    told = pyarrow.dataset.dataset(run.directory / "train", format="parquet")
    assert told.count_rows() == run.summary["windows_train"] == len(rows(run))
    footers = pyarrow.dataset.parquet_dataset(run.directory / "train" / "_metadata")
    assert footers.count_rows() == run.summary["windows_train"]
    assert len(pd.read_parquet(run.directory / "train")) == run.summary["windows_train"]
    assert (run.directory / "dataset_metadata.txt").read_text().startswith("{cl_features: var")


def test_events_are_never_divided_and_nothing_is_lost(home):
    run = run_of(home, split={"train": 0.6, "validation": 0.3, "test": 0.1})
    parts = {split: rows(run, split)["window_metadata"] for split in ("train", "validation", "test")}
    events = {
        split: set(zip(part["run_id"].to_list(), part["event_id"].to_list(), strict=True))
        for split, part in parts.items()
    }
    assert not events["train"] & events["validation"]
    assert not events["train"] & events["test"]
    whole = windows_of(home)["window_metadata", "window_index"].to_list()
    assert sorted(n for part in parts.values() for n in part["window_index"].to_list()) == sorted(whole)


def test_a_shuffle_changes_the_order_alone_and_can_be_repeated(home):
    plain, first, again, other = (
        run_of(home, name, shuffle=name != "plain", seed=2 if name == "other" else 1)
        for name in ("plain", "first", "again", "other")
    )
    assert_same(rows(first), rows(again))
    assert names_of(rows(first)) != names_of(rows(plain))
    assert names_of(rows(first)) != names_of(rows(other))
    assert_same(*(made[np.argsort(names_of(made))] for made in map(rows, (plain, first))))


def test_text_gives_what_parquet_gives(home):
    text = [str(path.relative_to(home)) for path in sorted((home / "whole").glob("*.ndjson.gz"))]
    both = {"formats": ["parquet", "tfrecord"]}
    made = run_of(home, "text", text, flavours={str(home / name): 11 for name in text}, **both)
    direct = run_of(home, "direct", **both)
    assert pq.read_table(made.directory / "train").equals(pq.read_table(direct.directory / "train"))
    records = [{path.name: path.read_bytes() for path in run.directory.rglob("*.proto")} for run in (made, direct)]
    assert records[0] == records[1]
    assert len(records[0]) == 2


def test_text_without_a_flavour_is_refused(home):
    with pytest.raises(FormatError, match="text says no flavour: name it in flavours"):
        run_of(home, inputs=["whole/windows_1_0.ndjson.gz"])


def test_the_originals_files_become_a_dataset(ecal_data):
    for number, name in enumerate(("ele4_50_nonoverlapping.parquet", "ele4_50_nonoverlapping.ndjson.tar.gz")):
        run = run_of(ecal_data, f"run{number}", [name], flavours={str(ecal_data / name): 11})
        assert run.summary["windows"] == 201
        assert ak.sum(rows(run)["cl_labels", "in_scluster"]) == 346


@pytest.mark.parametrize("name", ["ele4_50_nonoverlapping.parquet", "ele4_50_nonoverlapping.ndjson.tar.gz"])
def test_records_of_what_lacks_a_field_are_refused_before_anything_is_written(ecal_data, tmp_path, name):
    values = {"flavours": {str(ecal_data / name): 11}, "formats": ["parquet", "tfrecord"]}
    with pytest.raises(
        FormatError, match=rf"{name}: lacks in_mustache of cl_l, which a TFRecord holds; should be"
    ):
        run_of(ecal_data, str(tmp_path / "out"), [name], **values)
    assert (tmp_path / "out").is_dir()
    assert not list((tmp_path / "out").rglob("part-*"))


def test_only_selected_windows_are_kept(home):
    run = run_of(home, select={"matched": True, "et": [5.0, 60.0], "eta": [0.0, 1.4]})
    kept = rows(run)
    assert 0 < len(kept) < len(windows_of(home))
    assert ak.all(kept["window_metadata", "is_seed_calo_matched"])
    assert ak.all((kept["seed_features", "et_seed"] >= 5) & (kept["seed_features", "et_seed"] <= 60))
    assert ak.all(abs(kept["seed_features", "seed_eta"]) <= 1.4)


def test_nothing_kept_is_a_whole_empty_dataset_and_said(home):
    run = run_of(home, select={"et": [1e6, 2e6]}, formats=["parquet", "tfrecord"], weights=True)
    assert len(pq.read_table(run.directory / "train" / "part-0.parquet")) == 0
    assert any("no window was kept" in notice for notice in run.manifest["notices"])


def test_normalisation_is_of_what_was_kept_and_knows_what_stands_for_nan(home):
    run = run_of(home)
    told = json.loads((run.directory / "normalization_factors.json").read_text())
    made = rows(run)
    values = ak.flatten(made["cl_features", "cluster_den_seed_log"]).to_numpy()
    good = values[values != -999]
    assert len(good) < len(values)
    assert told["cluster"]["min"]["cluster_den_seed_log"] == good.min() > -999
    assert told["cluster"]["mean"]["cluster_den_seed_log"] == pytest.approx(good.mean())
    assert told["cluster"]["std"]["en_cluster"] == pytest.approx(
        ak.flatten(made["cl_features", "en_cluster"]).to_numpy().std()
    )
    assert told["cluster"]["nan"]["cluster_den_seed_log"] == len(values) - len(good)
    assert (len(told["cluster"]["mean"]), len(told["window"]["mean"])) == (32, 18)


def test_another_number_may_stand_for_nan(home):
    made = rows(run_of(home, nan_fill=None))
    values = ak.flatten(made["cl_features", "cluster_den_seed_log"]).to_numpy()
    assert np.isnan(values).any()
    assert not (values == -999).any()


def test_single_precision(home):
    made, whole = rows(run_of(home, precision="float32")), windows_of(home)
    one, other = (ak.flatten(x["cl_features", "et_cluster"]).to_numpy() for x in (made, whole))
    assert one.dtype == np.float32
    assert np.array_equal(one, other.astype(np.float32))


def test_tfrecords_hold_the_windows_of_the_parquet_beside_them(home):
    run = run_of(home, formats=["parquet", "tfrecord"], shuffle=True)
    folder = run.directory / "tfrecord" / "train"
    told = dict(line.split(";")[1:] for line in (folder / "part-0_metadata.txt").read_text().splitlines())
    made = rows(run)
    matched = made["window_metadata", "is_seed_calo_matched"]
    for kind, chosen in (("calo_matched/calomatch", matched), ("no_calo_matched/nocalomatch", ~matched)):
        windows = made[chosen]
        records = [example(data) for data in read_records(folder / f"{kind}_part-0.proto", check=False)]
        assert [c["n_cl"][0] for c, _ in records] == windows["window_metadata", "ncls"].to_list()
        energy = [[row[0] for row in lists["cl_f"]] for _, lists in records]
        assert energy == ak.values_astype(windows["cl_features", "en_cluster"], np.float32).to_list()
    assert int(told["0"]) == ak.sum(~matched)
    assert int(told["1"]) + int(told["2"]) == ak.sum(matched)


def test_weights_of_two_flavours_stand_in_the_records(home):
    run = run_of(home, inputs=["whole", "photons"], mixed=True, weights=True, formats=["tfrecord"])
    told = json.loads((run.directory / "total_reweighting.json").read_text())
    assert {e["key"] for e in told["corrections"][0]["data"]["content"]} == {11, 22}
    records = [example(d)[0] for p in run.directory.rglob("*.proto") for d in read_records(p, check=False)]
    weights = np.array([record["wi"][0] for record in records])
    assert weights.std() > 0
    assert run.summary["windows_by_flavour"].keys() == {"11", "22"}
    assert not (run.directory / "train").exists()


def test_the_same_events_of_the_same_flavour_are_refused(home, tmp_path):
    p = WindowParameters(inputs=[str(home / "in/0.root")], output="again", unmatched=1)
    again = tmp_path / "in" / "0.root"
    again.parent.mkdir()
    from kit.ecal.demo import demo

    demo(again, 41, "pairs", 1)  # another file that begins with the same events
    with Run("ecal/windows", p.with_values(inputs=[str(again)])) as run:
        make_windows(p.with_values(inputs=[str(again)]), run)
    with pytest.raises(
        FormatError, match=r"windows_1_0\.parquet and .*hold windows of \d+ events with the same flavour"
    ):
        run_of(home, inputs=["whole", str(tmp_path / "again")])


def test_files_of_equal_size_and_a_stopped_run_goes_on(home, monkeypatch):
    from kit.ecal import parts

    p = DatasetParameters(inputs=[str(home / "whole")], output="run")
    object.__setattr__(p, "windows_per_file", 60)  # smaller than what makes sense, to have many files
    real = parts.SplitWriter._open
    opened = []

    def stop(self):
        opened.append(self)
        if len(opened) == 3:
            raise KeyboardInterrupt
        real(self)

    monkeypatch.setattr(parts.SplitWriter, "_open", stop)
    with pytest.raises(KeyboardInterrupt), Run("ecal/datasets", p) as run:
        make_datasets(p, run)
    kept = (run.directory / "train/part-0.parquet").stat().st_mtime_ns
    assert not (run.directory / "train/_metadata").exists()
    monkeypatch.setattr(parts.SplitWriter, "_open", real)
    with Run("ecal/datasets", p) as run:
        run.summary = make_datasets(p, run)
    assert (run.directory / "train/part-0.parquet").stat().st_mtime_ns == kept
    sizes = [
        pq.read_metadata(path).num_rows
        for path in sorted((run.directory / "train").glob("part-*"), key=lambda x: int(x.stem[5:]))
    ]
    assert set(sizes[:-1]) == {60}
    assert sum(sizes) == len(windows_of(home))
    assert_same(rows(run), windows_of(home))


def test_features_of_ones_own(home, tmp_path):
    content = yaml.safe_load(SHIPPED.read_text())
    content["parquet"]["cl_features"] = ["et_cluster", "cluster_dphi"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    assert rows(run_of(home, features="mine.yaml"))["cl_features"].fields == ["et_cluster", "cluster_dphi"]


def test_missing_jobs_are_listed_where_that_is_accepted(home):
    with pytest.raises(RunError, match="of 3 jobs"):
        run_of(home, "refused", ["jobs/1", "jobs/3"])
    run = run_of(home, "partial", ["jobs/1", "jobs/3"], accept_partial=True)
    assert len(run.summary["missing"]) == 1
    assert any("missing: of 3 jobs" in notice for notice in run.manifest["notices"])


def test_the_demo_has_two_flavours():
    p = DatasetParameters()
    demo_windows.prepare_windows(p)
    with Run("ecal/datasets", p) as run:
        assert set(make_datasets(p, run)["windows_by_flavour"]) == {"11", "22"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"split": {"train": 0.7}}, "split adds up to 0.7, should be 1"),
        ({"split": {"a/b": 1.0}}, "split: a/b should be a plain word"),
        ({"split": {"tfrecord": 0.5, "plots": 0.5}}, "split: tfrecord, plots is used by the run"),
        ({"split": {"read": 0.2, "by_flavour": 0.3, "_x": 0.5}}, "split: read, by_flavour, _x is used by the run"),
        ({"select": {"pt": True}}, "select: pt is not known"),
        ({"windows_per_file": 100}, "windows_per_file is 100 windows, below 5120"),
        ({"flavours": {"x": 11}}, "flavours: x is not among inputs"),
    ],
)
def test_values_that_cannot_be_used(values, text):
    with pytest.raises(ParameterError, match=text):
        DatasetParameters.build(values)
