"""The stage: from files to files, whole or not at all, whatever happens on the way."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from kit.files import FormatError
from kit.run import Run, RunError, load
from kit.smartpixels.convolution import ConvolutionParameters, convolve
from kit.smartpixels.pixelav import cluster_text
from tests.smartpixels import reference, samples

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def run_stage(pulses, tmp_path):
    """Give a function that runs the stage on files of `tmp_path`, and returns the finished run."""

    def run_with(*paths, output="run", **values):
        given = {"clusters": [str(path) for path in paths], "pulses": pulses, "output": str(tmp_path / output)}
        p = ConvolutionParameters.build({**samples.SHORT, **given, **values})
        with Run("smartpixels/convolution", p) as run:
            run.summary = convolve(p, run)
        return load(tmp_path / output)

    return run_with


@pytest.fixture
def write(tmp_path):
    def write_bytes(content, name="pixel_clusters_d00001.out"):
        return samples.write(tmp_path, content, name)

    return write_bytes


def names(run):
    return sorted(str(path.relative_to(run.directory)) for path in run.directory.rglob("*") if path.is_file())


TEXT = samples.text_of(samples.clusters(4))


def test_the_reference_case_comes_out_byte_for_byte(run_stage, base3, monkeypatch):
    wanted = reference.read_text(base3 / "base3_expected.out.gz")
    for loops in ("numpy", "compiled"):
        monkeypatch.setenv("KIT_KERNELS", loops)
        found = run_stage(
            base3 / "base3_in.out.gz", pulses=str(base3 / "pulses28.csv.gz"), output=loops, pulse_end=375.0
        )
        assert reference.read_text(found.directory / "convolved_output_base3_in.out.gz") == wanted
        assert found.summary["loops"] == loops
        assert found.summary["clusters"] == 3
        assert found.summary["pixels_per_cluster"] == 42.0
        assert found.summary["largest_voltage_(mV)"] == pytest.approx(304.96675, abs=1e-5)
        assert found.summary["other_template_by_peak_(share_of_pixels)"] == pytest.approx(25 / 126)
        assert found.summary["charge_in_first_slice_(e-_per_cluster)"] == pytest.approx(400.63, abs=0.01)


def test_blocks_workers_and_order_of_files_give_the_same_bytes(run_stage, write, monkeypatch):
    paths = [write(samples.text_of(samples.clusters(3, seed=n)), f"pixel_clusters_d{n}.out") for n in (1, 2, 3)]
    first = run_stage(*paths, output="a")
    second = run_stage(*reversed(paths), output="b", workers=3)
    for name in names(first):
        if name.endswith(".gz"):
            assert (first.directory / name).read_bytes() == (second.directory / name).read_bytes()
    assert [one["clusters"] for one in json.loads((first.directory / "files.json").read_text())] == [3, 3, 3]


def test_a_run_says_what_it_was_made_of(run_stage, write, pulses):
    path = write(TEXT)
    run = run_stage(path)
    record = json.loads((run.directory / "files.json").read_text())[0]
    inputs = {entry["path"]: entry["checksum"] for entry in run.manifest["inputs"]}
    assert inputs[path] == record["sha256"]
    assert inputs[path].startswith("sha256:")
    assert pulses in inputs
    assert record["array"] == [5, 7, 400]
    assert (run.directory / "pulses.csv").read_text().splitlines()[1].startswith("0,100,")
    assert any("5 rows and 7 columns is not known" in notice for notice in run.manifest["notices"])


ADC = {"formats": ["text", "parquet", "part", "adc"], "select": "all"}


@pytest.mark.parametrize("layout", ["wide", "list"])
def test_tables_hold_what_the_text_says(run_stage, write, layout):
    run = run_stage(write(samples.text_of(samples.clusters(6, flipped=0.5))), **ADC, parquet_layout=layout)
    _, clusters = reference.read_clusters(
        reference.read_text(run.directory / "convolved_output_pixel_clusters_d00001.out.gz")
    )
    folder = run.directory / "all"
    frames = {
        kind: pd.read_parquet(folder / f"{kind}_d00001.parquet")
        for kind in ("labels", "recon2D", "recon3D", "adc")
    }
    frames["part"] = pd.read_parquet(folder / "part.1.parquet")
    for frame in frames.values():
        assert frame.index.tolist() == list(range(6))
    full = np.array([one.charge for one in clusters]).transpose(0, 3, 1, 2).reshape(6, -1)

    def numbers(kind, count):
        frame = frames[kind]
        return frame[[str(n) for n in range(count)]].to_numpy() if layout == "wide" else np.stack(frame["voltage"])

    np.testing.assert_array_equal(numbers("recon3D", 31 * 35), full)
    np.testing.assert_array_equal(numbers("part", 31 * 35), full)
    np.testing.assert_array_equal(numbers("recon2D", 35), full[:, -35:])
    labels = frames["labels"]
    assert list(labels.columns[-7:]) == [
        "cotAlpha", "cotBeta", "y-midplane", "x-midplane",
        "original_atEdge", "chargeOriginal_atEdge", "nPixOriginalAbove1e_atEdge",
    ]  # fmt: skip
    assert labels["pt"].tolist() == [one.values["pt"] for one in samples.clusters(6, flipped=0.5)]
    assert labels["original_atEdge"].dtype == bool
    assert frames["part"]["cotBeta"].tolist() == labels["cotBeta"].tolist()
    schema = pq.read_schema(folder / "recon3D_d00001.parquet").metadata
    assert json.loads(schema[b"shape"]) == {"voltage": [31, 5, 7]}
    assert json.loads(schema[b"thresholds"]) == [13.001228, 21.901985, 57.13501]
    assert json.loads(schema[b"parameters"])["window"] == 6.0
    record = json.loads((run.directory / "files.json").read_text())[0]
    assert json.loads(schema[b"clusters_checksum"]) == record["sha256"]
    assert "sha256:" in json.loads(schema[b"pulses"])


def test_whole_numbers_say_that_they_are_tenths(run_stage, write):
    run = run_stage(write(TEXT), **ADC, parquet_type="int16")
    units = {
        kind: json.loads(pq.read_schema(run.directory / "all" / f"{kind}.parquet").metadata[b"units"])["voltage"]
        for kind in ("recon2D_d00001", "recon3D_d00001", "part.1", "adc_d00001")
    }
    assert units == {
        "recon2D_d00001": "0.1 mV",
        "recon3D_d00001": "0.1 mV",
        "part.1": "0.1 mV",
        "adc_d00001": "mV",
    }


def test_tables_hold_unflipped_clusters_unless_told(run_stage, write):
    some = samples.clusters(8, flipped=0.5)
    flipped = [one.number for one in some if one.values["z-entry"] == 0]
    assert 0 < len(flipped) < 8
    path = write(samples.text_of(some))
    for select, wanted in (("unflipped", set(range(8)) - set(flipped)), ("flipped", set(flipped))):
        run = run_stage(path, formats=["parquet"], select=select, output=select)
        frame = pd.read_parquet(run.directory / select / "labels_d00001.parquet")
        assert set(frame.index) == wanted


def test_tables_without_a_row_are_told(run_stage, write):
    path = write(samples.text_of(samples.clusters(3, flipped=1.0)))
    run = run_stage(path, formats=["text", "parquet"])
    assert run.summary["clusters_in_tables"] == 0
    wanted = (
        r"d00001\.out: 0 of 3 clusters pass select: unflipped \(z-entry == thickness, 100 um\); its tables are"
    )
    assert any(re.search(wanted, notice) for notice in run.manifest["notices"])
    run = run_stage(path, formats=["parquet"], select="flipped", output="flipped")
    assert run.summary["clusters_in_tables"] == 3
    assert not any("pass select" in notice for notice in run.manifest["notices"])


def test_tracks_along_the_sensor_are_told(run_stage, write):
    flat = samples.flat(samples.clusters(1)[0].charge)
    words = list(flat.metadata)
    words[5] = "0.000000"
    content = samples.text_of([flat, replace(flat, metadata=tuple(words))])
    run = run_stage(write(content), formats=["text", "parquet"])
    wanted = "1 of 2 clusters in tables have n_z of 0: their slopes and midplane points are inf or nan"
    assert any(wanted in notice for notice in run.manifest["notices"])


def test_a_first_cluster_behind_the_last_is_named(run_stage, write):
    with pytest.raises(FormatError, match=r"d00001\.out: has 4 clusters from 0 on, first is 4"):
        run_stage(write(TEXT), first=4)


def test_all_templates_that_were_used_are_counted(run_stage, base3):
    run = run_stage(base3 / "base3_in.out.gz", pulses=str(base3 / "pulses28.csv.gz"), pulse_end=375.0)
    assert len(run.summary["pixels_by_template_(e-)"]) == 19
    assert sum(run.summary["pixels_by_template_(e-)"].values()) == 126


def test_codes_are_made_from_what_stands_beside_them(run_stage, write):
    run = run_stage(write(TEXT), **ADC, noise=True, parquet_layout="list")
    frame = pd.read_parquet(run.directory / "all" / "adc_d00001.parquet")
    voltage, code = np.stack(frame["voltage"]), np.stack(frame["code"])
    np.testing.assert_array_equal(code, np.searchsorted([13.001228, 21.901985, 57.13501], voltage, side="right"))
    assert run.summary["codes_at_2_ns"] == {str(n): int((code[:, :35] == n).sum()) for n in range(4)}
    quiet = run_stage(write(TEXT), **ADC, parquet_layout="list", output="quiet")
    other = np.stack(pd.read_parquet(quiet.directory / "all" / "adc_d00001.parquet")["voltage"])
    assert 3.5 < (voltage - other).std() < 6.0


def test_noise_does_not_depend_on_which_clusters_are_taken(run_stage, write):
    path = write(TEXT)
    whole = run_stage(path, **ADC, noise=True, output="whole")
    part = run_stage(path, **ADC, noise=True, first=2, clusters_max=1, output="part")
    one, other = (pd.read_parquet(run.directory / "all" / "adc_d00001.parquet") for run in (whole, part))
    assert other.index.tolist() == [2]
    assert one.loc[2].equals(other.loc[2])


def test_charge_can_be_tabled_instead(run_stage, write):
    tabled = {"quantity": "charge", "parquet_layout": "list", "parquet_type": "float32"}
    run = run_stage(write(TEXT), formats=["parquet"], select="all", **tabled)
    frame = pd.read_parquet(run.directory / "all" / "recon3D_d00001.parquet")
    wanted = [np.moveaxis(one.charge, 2, 0).ravel() for one in samples.clusters(4)]
    np.testing.assert_array_equal(np.stack(frame["charge"]), np.array(wanted, np.float32))


def test_a_wide_table_of_too_many_columns_is_refused(run_stage, write):
    of = samples.sensor(32, 32, 20, 200.0)
    path = write(samples.text_of(samples.clusters(1, of), of))
    with pytest.raises(
        FormatError, match="has 31744 columns, above 30000; parquet_layout: list has no such limit"
    ):
        run_stage(path, formats=["parquet"], resample="linear")


@pytest.mark.parametrize("response", ["simple", "krummenacher"])
def test_an_analytic_amplifier_needs_no_pulses(run_stage, write, response):
    run = run_stage(write(TEXT), response=response, pulses="nowhere.csv", window=20.0)
    assert run.summary["clusters"] == 4
    assert "pulses.csv" not in names(run)


BAD = {
    "empty": (b"", "is empty, should hold PixelAV clusters"),
    "header only": (TEXT[: TEXT.index(b"<cluster>")], ":1: holds no line <cluster>"),
    "truncated gzip": (gzip.compress(TEXT)[:-500], r"gzip stream ends early, at compressed byte \d+, the last"),
    "trailing bytes": (gzip.compress(TEXT) + b"!", r"bytes that are no gzip from compressed byte \d+ on"),
    "end inside a row": (TEXT[:-9], r"cluster 3.*: the file ends there"),
    "a short row": (TEXT.replace(b"ps>\n0.0 ", b"ps>\n", 1), "row 1 of time slice 1 of cluster 0 has 7 numbers"),
    "corrupt gzip": (
        gzip.compress(TEXT)[:9000] + b"\xff" * 9 + gzip.compress(TEXT)[9009:],
        r"(corrupt gzip stream|wrong checksum).* at compressed byte \d+.*the last whole cluster is \d",
    ),
    "wrong checksum": (
        gzip.compress(TEXT)[:-8] + bytes(4) + gzip.compress(TEXT)[-4:],
        r"wrong checksum .* at compressed byte \d+.*the last whole cluster is 3",
    ),
    "end on a slice": (TEXT[: TEXT.rindex(b"<time")], "cluster 3 has 399 time slices, should have 400"),
    "too many slices": (
        TEXT + TEXT[TEXT.rindex(b"<time") :].replace(b"4000.0", b"4010.0"),
        "cluster 3 has 401 time slices, should have 400",
    ),
    "a long row": (TEXT.replace(b"ps>\n0.0 ", b"ps>\n0.0 0.0 ", 1), "row 1 of time slice 1 of cluster 0 has 7"),
    "too many rows": (
        TEXT + TEXT[TEXT.rindex(b"\n", 0, -1) + 1 :],
        "time slice 400 of cluster 3 has 6 rows, the first slice has 5",
    ),
    "inf": (TEXT.replace(b"ps>\n0.0 ", b"ps>\n-inf ", 1), "row 0 of time slice 1 of cluster 0 is '-inf'"),
    "no number": (TEXT.replace(b"ps>\n0.0 ", b"ps>\n0,0 ", 1), "column 0 of row 0 of time slice 1 of cluster 0"),
    "underscore": (TEXT.replace(b"ps>\n0.0 ", b"ps>\n1_0.0 ", 1), "column 0 of row 0 of .* is '1_0.0'"),
    "few metadata": (
        TEXT + b"<cluster>\n1 2 3\n" + TEXT[TEXT.index(b"<time") :],
        "cluster 4 has 3 fields of metadata, should have 9 or more",
    ),
    "metadata of words": (
        TEXT + b"<cluster>\n1 2 3 4 5 6 7 8 nine\n" + TEXT[TEXT.index(b"<time") :],
        "field 9 of the metadata of cluster 4 is 'nine', should be a number",
    ),
    "other tag": (TEXT.replace(b"<time slice 70.0", b"<time slice 71.0", 1), "slice 7 of cluster 0 is at 71 ps"),
    "nan": (TEXT.replace(b"ps>\n0.0 ", b"ps>\nnan ", 1), "column 0 of row 0 of time slice 1 of cluster 0 is"),
    "no metadata": (
        TEXT + b"<cluster>\n" + TEXT[TEXT.index(b"<time") :],
        "the metadata of cluster 4 are missing",
    ),
    "other step": (TEXT.replace(b"  10.000000\n", b"  20.000000\n", 1), "the geometry line says 20 ps"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_leaves_nothing_under_a_final_name(run_stage, write, tmp_path, kind):
    content, message = BAD[kind]
    with pytest.raises(FormatError, match=message):
        run_stage(write(content), **ADC)
    left = {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert left == {"manifest.json", "pulses.csv"}
    assert load(tmp_path / "run").state == "failed"


COARSE = samples.sensor(slices=80, step=50.0)
DISAGREEING = {
    "step": (samples.text_of(samples.clusters(1, COARSE), COARSE), {}, r"are 50 ps apart.*resample: linear"),
    "rows": (TEXT, {"rows": 13}, "the clusters have 5 rows, the parameter says 13"),
    "thickness 0": (TEXT.replace(b"  100.000000  ", b"  0.000000  "), {}, "thickness is 0 um in the geometry"),
    "negative pitch": (TEXT.replace(b"  12.500000", b"  -12.5"), {}, "pitch_y is -12.5 um in the geometry"),
    "pitch": (TEXT, {"pitch_y": 25.0}, "pitch_y is 12.5 um in the geometry line, the parameter says 25 um"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DISAGREEING)
def test_input_other_than_the_parameters_say_leaves_nothing_either(run_stage, write, tmp_path, kind):
    content, values, message = DISAGREEING[kind]
    with pytest.raises(FormatError, match=message):
        run_stage(write(content), **ADC, **values)
    assert {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()} == {
        "manifest.json",
        "pulses.csv",
    }


BAD_PULSES = {
    "charge": (lambda text: text.replace(" 300 ) Y", " many ) Y"), "column 3: the header .* have a charge"),
    "infinite charge": (lambda text: text.replace(" 300 ) Y", " inf ) Y"), "column 3: .* have a charge"),
    "twice": (lambda text: text.replace(" 1000 ", " 300 "), "column 4: charge 300 e- again"),
    "cell": (
        lambda text: text.replace("\n", "\n,", 100).replace("\n,", "\n", 99),
        r"column 0, row \d+, charge 100 e-: ''",
    ),
    "short": (lambda text: "\n".join(text.splitlines()[:300]) + "\n", "the window needs 6 ns"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_PULSES)
def test_bad_pulses_leave_nothing_under_a_final_name(run_stage, write, tmp_path, pulses_text, kind):
    change, message = BAD_PULSES[kind]
    path = tmp_path / "pulses.csv"
    path.write_text(change(pulses_text))
    with pytest.raises(FormatError, match=r"pulses\.csv: .*" + message):
        run_stage(write(TEXT), pulses=str(path))
    assert {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()} == {"manifest.json"}


def test_of_several_files_the_good_ones_are_written_and_all_faults_told(run_stage, write, tmp_path):
    good = write(TEXT, "pixel_clusters_d1.out")
    bad = [write(TEXT[:-9], "pixel_clusters_d2.out"), write(b"", "pixel_clusters_d3.out")]
    with pytest.raises(
        FormatError, match=r"2 of 3 files cannot be used:\n  pixel_clusters_d2.*\n  pixel_clusters_d3.*"
    ):
        run_stage(bad[0], good, bad[1], workers=2)
    written = [path.name for path in (tmp_path / "run").glob("convolved*")]
    assert written == ["convolved_output_pixel_clusters_d1.out.gz"]


def test_a_mended_file_is_all_that_is_done_again(run_stage, write, tmp_path):
    good, bad = write(TEXT, "pixel_clusters_d1.out"), write(b"", "pixel_clusters_d2.out")
    with pytest.raises(FormatError):
        run_stage(good, bad)
    written = tmp_path / "run" / "convolved_output_pixel_clusters_d1.out.gz"
    before = written.stat().st_mtime_ns
    write(TEXT, "pixel_clusters_d2.out")
    run = run_stage(good, bad)
    assert run.state == "complete"
    assert written.stat().st_mtime_ns == before
    assert run.summary["clusters"] == 8
    with pytest.raises(RunError, match="is complete"):
        run_stage(good, bad)


def test_good_clusters_can_be_kept_and_the_others_are_listed(run_stage, write):
    texts = [cluster_text(one) for one in samples.clusters(4)]
    texts[1] = texts[1].replace(b"ps>\n0.0 ", b"ps>\nnan ", 1)
    run = run_stage(write(b"".join(texts)[:-9]), keep_good=True, **ADC)
    record = json.loads((run.directory / "files.json").read_text())[0]
    assert [one["number"] for one in record["dropped"]] == [1, 3]
    assert run.summary["clusters_dropped"] == 2
    assert run.summary["warning"].startswith("2 damaged clusters were left out")
    assert run.manifest["notices"][-1] == run.summary["warning"]
    told = [notice for notice in run.manifest["notices"] if "left out: " in notice]
    assert "time slice 1 of cluster 1 is 'nan'" in told[0]
    assert "cluster 3" in told[1]
    assert pd.read_parquet(run.directory / "all" / "labels_d00001.parquet").index.tolist() == [0, 2]


@pytest.mark.parametrize("kind", ["wrong checksum", "trailing bytes"])
def test_damage_of_a_file_is_not_that_of_a_cluster(run_stage, write, kind):
    content, message = BAD[kind]
    run = run_stage(write(content), keep_good=True)
    assert run.summary["clusters"] == 4
    assert run.summary["clusters_dropped"] == 0
    assert run.summary["warning"] == ("damaged, though no cluster of it is known to be: pixel_clusters_d00001.out")
    assert any(re.search(message, notice) for notice in run.manifest["notices"])


def test_a_file_without_a_good_cluster_is_refused_all_the_same(run_stage, write):
    text = cluster_text(samples.clusters(1)[0]).replace(b"ps>\n0.0 ", b"ps>\nnan ", 1)
    with pytest.raises(FormatError, match="column 0 of row 0 of time slice 1 of cluster 0 is 'nan'"):
        run_stage(write(text), keep_good=True)


def test_files_whose_results_would_have_one_name_are_refused(run_stage, tmp_path):
    (tmp_path / "other").mkdir()
    paths = [samples.write(folder, TEXT) for folder in (tmp_path, tmp_path / "other")]
    with pytest.raises(FormatError, match=r"would both become convolved_output_pixel_clusters_d00001\.out\.gz"):
        run_stage(*paths)


def test_results_can_be_copied_where_they_are_wanted(run_stage, write, tmp_path):
    run = run_stage(write(TEXT), **ADC, copy_to=str(tmp_path / "eos"))
    for record in json.loads((run.directory / "files.json").read_text()):
        for name in record["outputs"]:
            assert (tmp_path / "eos" / name).read_bytes() == (run.directory / name).read_bytes()


def test_results_of_another_run_are_not_copied_over(run_stage, write, tmp_path):
    there = tmp_path / "eos"
    run_stage(write(TEXT), copy_to=str(there), output="a")
    before = {path: path.read_bytes() for path in there.iterdir()}
    run_stage(write(TEXT), copy_to=str(there), output="same")
    with pytest.raises(FormatError, match=r"cannot copy convolved_output_.*: another file is there"):
        run_stage(write(samples.text_of(samples.clusters(4, seed=9))), copy_to=str(there), output="b")
    assert {path: path.read_bytes() for path in there.iterdir()} == before


def test_results_cannot_be_copied_to_a_web_page(run_stage, write):
    with pytest.raises(
        ValueError, match=r"results cannot be copied to https://x\.y/z, should be a folder or a root://"
    ):
        run_stage(write(TEXT), copy_to="https://x.y/z")


def test_a_missing_file_is_named(run_stage):
    with pytest.raises(FileNotFoundError, match=r"there is no nowhere\.out"):
        run_stage("nowhere.out")


def test_what_is_read_can_be_looked_for_before_it_is():
    p = ConvolutionParameters(clusters=["a.out", "b*.out"], pulses="p.csv", delay_table="d.csv", window=20.0)
    assert p.named_inputs() == ["a.out", "b*.out", "p.csv", "d.csv"]
    assert ConvolutionParameters(response="simple", pulses="p.csv").named_inputs() == ["demo"]


def test_a_folder_in_place_of_clusters_is_named(run_stage, tmp_path):
    with pytest.raises(
        FormatError, match=r"is a folder, should be a cluster file; .*/\*\.out\* takes those in it"
    ):
        run_stage(tmp_path)


def test_the_demo_runs_on_files_of_its_own(run_stage):
    run = run_stage("demo", pulses="demo", pulse_end=375.0)
    assert run.summary["clusters"] == 60
    assert run.summary["array"] == ["13x21x400"]
    assert 30 < run.summary["pixels_per_cluster"] < 40


SCRIPT = """
import json, sys
from kit.run import Run
from kit.smartpixels.convolution import ConvolutionParameters, convolve
p = ConvolutionParameters.build(json.loads(sys.argv[1]))
with Run("smartpixels/convolution", p) as run:
    run.summary = convolve(p, run)
"""


def test_a_run_that_is_killed_at_any_moment_goes_on(run_stage, write, tmp_path, pulses):
    paths = [write(samples.text_of(samples.clusters(15, seed=n)), f"pixel_clusters_d{n}.out") for n in range(6)]
    wanted = run_stage(*paths, **ADC, output="wanted")
    values = {**samples.SHORT, **ADC, "clusters": paths, "pulses": pulses, "output": str(tmp_path / "killed")}
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "KIT_KERNELS": "numpy"}
    finished = 0
    for marker in ("pulses.csv", *(f"convolved_output_pixel_clusters_d{n}.out.gz" for n in (0, 3))):
        (tmp_path / "killed" / "pulses.csv").unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, json.dumps(values)], env=environment, stdout=-3, stderr=-3
        )
        while process.poll() is None and not (tmp_path / "killed" / marker).exists():
            time.sleep(0.003)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in (tmp_path / "killed").rglob("*"):  # what has its final name is whole
            name = path.relative_to(tmp_path / "killed")
            if path.suffix in (".gz", ".parquet") and path.name[0] != ".":
                assert path.stat().st_size == (wanted.directory / name).stat().st_size
                finished += 1
    run = run_stage(*paths, **ADC, output="killed")
    assert run.state == "complete"
    assert finished > 0
    for name in names(wanted):
        if name.endswith(".gz"):
            assert (run.directory / name).read_bytes() == (wanted.directory / name).read_bytes()
    assert [name for name in names(run) if "part" in name.lower() and not name.startswith("all/part.")] == []


def test_python_offers_the_same_in_pieces(write, pulses):
    from kit.smartpixels import amplifier, reader
    from kit.smartpixels import pulses as pulse_room
    from kit.smartpixels.engine import NUMPY
    from kit.smartpixels.options import AmplifierParameters, ClusterParameters
    from kit.smartpixels.voltages import Amplifier

    path = write(TEXT)
    assert [cluster.charge.shape for cluster in reader.read_clusters(path)] == [(5, 7, 400)] * 4
    p = AmplifierParameters(**samples.SHORT)
    templates = amplifier.measured_templates(pulse_room.read_pulses(pulses, p), p)
    with reader.ClusterFile(path, ClusterParameters(clusters=[path])) as source:
        voltages = Amplifier(templates, p).respond(next(source.blocks()), NUMPY)
    assert voltages.values.dtype == np.float64
    assert voltages.values.shape[1] == 31
