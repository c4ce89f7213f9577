"""The unmodified programs of both generations, from command line to last file, against the emulator."""

import json
import subprocess

import h5py
import numpy as np
import pytest
import yaml

from kit.hgcroc.ports import probe
from kit.hgcroc.rawdata import decode
from kit.hgcroc.standins.command import write_tools
from kit.hgcroc.summaries import summarise
from tests.hgcroc.originals import clean, environment

pytestmark = pytest.mark.slow
LIMIT = 1800  # s, the first time with the making of the environments

CLIENT_PORT = 6001  # the programs of 1.0.15 know no other


@pytest.fixture
def tools(tmp_path):
    write_tools(tmp_path / "tools")
    return tmp_path / "tools"


@pytest.fixture
def call(tools, tmp_path):
    """Return a function that runs an original program to its end, and one that leaves it running for the test."""
    running = []

    def run(program, *words, limit=600):
        answer = subprocess.run(
            [program, *map(str, words)],
            cwd=tmp_path, env=clean(tools), capture_output=True, text=True, check=False, timeout=limit,
        )  # fmt: skip
        return answer.returncode, answer.stdout + answer.stderr

    def leave(program, *words):
        log = (tmp_path / f"{program.name}.log").open("w")
        running.append(
            subprocess.Popen([program, *map(str, words)], cwd=tmp_path, env=clean(tools), stdout=log, stderr=log)
        )
        log.close()
        return running[-1]

    run.leave = leave
    yield run
    for process in running:
        process.kill()
        process.wait()


def network(stood, dialect, folder):
    path = folder / "network.yaml"
    path.write_text(yaml.safe_dump(stood.network(dialect)))
    return path


@pytest.fixture
def generation_0(stand, call, tmp_path, shared_data):
    """Return a function that runs a procedure with 0.1.2, and the emulator that it spoke to."""
    examples = shared_data / "hgcroc" / "examples_012"
    stood = stand(dialect="legacy")
    file = network(stood, "0.1.2", tmp_path)

    def run(procedure):
        words = (file, examples / "main.yaml", procedure, tmp_path / "out", "-a", examples / "analyses")
        return call(environment("0.1.2") / "datenraffinerie", *words)

    return stood, run


def registers_of(stood, stretch):
    """Return phase and charge that a stretch of triggers found; all ROCs and halves have to have the same."""
    table, state = stood.board.table, stood.board.state_of(stretch)
    phases = {int(state[table.index_of((roc, "Top", 0, "phase_strobe"))]) for roc in table.rocs}
    charges = {
        int(state[table.index_of((roc, "ReferenceVoltage", h, "Calib"))]) for roc in table.rocs for h in (0, 1)
    }
    assert len(phases) == len(charges) == 1
    return [phases.pop(), charges.pop()]


READ_HDF = (
    "import json, sys, pandas as pd\nd = pd.read_hdf(sys.argv[1])\n"
    "print(json.dumps({'columns': list(d.columns), 'rows': len(d), 'index': d.index[[0, -1]].tolist(),"
    " 'calib': d.Calib.unique().tolist(), 'adc': d.adc_mean.tolist()}))"
)


def test_a_scan_of_0_1_2_ends_with_its_merged_table_and_its_known_defect(
    generation_0, call, tmp_path, shared_data
):
    stood, run = generation_0
    status, said = run("small2d")
    assert status == 1, said  # as always
    assert "This progress looks :)" in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {f"small2d{number}-data.hdf5" for number in range(1, 7)}
    assert names >= {"0merged.hdf5", "1merged.hdf5", "4merged.hdf5"}
    status, said = call(environment("0.1.2") / "python", "-c", READ_HDF, tmp_path / "out" / "0merged.hdf5")
    assert status == 0, said
    told = json.loads(said)
    assert told["columns"] == json.loads((shared_data / "hgcroc" / "hdf_columns_012.json").read_text())
    assert (told["rows"], told["index"], told["calib"]) == (6 * 234, [0, 1403], [0, 32, 64])
    assert np.mean(told["adc"]) == pytest.approx(285, abs=5)
    assert [each["events"] for each in stood.board.history()] == [1000] * 6
    found = {tuple(registers_of(stood, stretch)) for stretch in stood.board.stretches}
    # phase and charge that equal the power-on file's zero are never restored, in whatever order it measures
    assert len(found & {(phase, calib) for phase in (0, 1) for calib in (0, 32, 64)}) < 6


def test_an_analysis_of_0_1_2_runs_its_scan_and_leaves_its_table(generation_0, tmp_path):
    _, run = generation_0
    status, said = run("adc_table")
    assert status == 1, said
    assert (tmp_path / "out" / "adc_table" / "adc_table.csv").read_text().startswith("chip,channel,Calib,adc_mean")


@pytest.fixture
def generation_1(stand, call, tmp_path, shared_data, eventually):
    """Return a function that runs a procedure with 1.0.15 from its files to its tables, and the emulator."""
    if not probe("127.0.0.1", CLIENT_PORT, 1.0).startswith("refuses"):
        pytest.skip(f"port {CLIENT_PORT} is in use, and the programs of 1.0.15 know no other")
    examples = shared_data / "hgcroc" / "examples_1015"
    stood = stand(dialect="current", without=("client",))
    file = network(stood, "1.0.15", tmp_path)

    def run(procedure):
        programs, out = environment("1.0.15"), tmp_path / "out"
        status, said = call(programs / "generate-configs", examples / "main.yaml", file, procedure, out)
        assert status == 0, said
        coordinator = call.leave(programs / "coordinate-daq", file)
        port = stood.network("1.0.15")["daq_coordinator"]["port"]
        assert eventually(lambda: probe("127.0.0.1", port, 1.0) == "", 60), coordinator.poll()
        status, said = call(programs / "acquire-data", out)
        assert status == 0, said
        assert "error" not in said.lower(), said
        coordinator.terminate()
        coordinator.wait(20)
        assert eventually(lambda: probe("127.0.0.1", CLIENT_PORT, 1.0).startswith("refuses")), "an orphan is left"
        status, said = call(programs / "process-raw-data", out)
        assert status == 0, said
        return out

    return stood, run


def test_a_scan_of_1_0_15_ends_with_a_table_for_each_run_whose_labels_are_true(generation_1):
    stood, run = generation_1
    out = run("small2d")
    # with one generator its patches come in order
    assert [registers_of(stood, each) for each in stood.board.stretches] == [
        [p, c] for p in (0, 1) for c in (0, 32, 64)
    ]
    for number, stretch in enumerate(stood.board.stretches):
        with h5py.File(out / f"run_{number}_data.h5") as file:
            rows = file["data/measurements"][:]
        assert rows.dtype.names == (
            "chip",
            "channel",
            "channeltype",
            "adc_mean",
            "toa_median",
            "Calib",
            "phase_strobe",
        )
        assert len(rows) == 234
        assert (rows["phase_strobe"] == registers_of(stood, stretch)[0]).all()
        assert (rows["Calib"] == registers_of(stood, stretch)[1]).all()
        raw = decode((out / f"run_{number}_data.raw").read_bytes(), characterisation=True)
        assert len(raw.frames.event) == 3000


def test_a_scan_of_1_0_15_with_events_and_templates_ends_with_all_its_tables(generation_1):
    _, run = generation_1
    out = run("one_channel_at_a_time")
    for number in range(24):
        with h5py.File(out / f"run_{number:02}_data.h5") as file:
            rows = file["data/measurements"][:]
        raw = decode((out / f"run_{number:02}_data.raw").read_bytes())
        assert len(rows) == 100 * 3 * 2 * 39
        one = rows[(rows["chip"] == 1) & (rows["half"] == 0) & (rows["channel"] == 9)]
        assert (one["adc"] == raw.adc[1::3, 0, 9]).all()
        assert summarise(raw, 3)["n"].min() == 100
        assert set(one["HighRange"].tolist()) == {int((number // 3) % 4 == 1)}
