"""Analyses of users run as they are and see the same data; what goes wrong is told with class, file and trace."""

import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from kit.hgcroc.calibration.overlays import OVERLAY
from kit.hgcroc.calibration.user_distilleries import UserAnalysisError, UserDistilleries
from kit.hgcroc.legacy import export_012, frame_012
from kit.hgcroc.measurements import Scan
from kit.hgcroc.resuming import FILE
from tests.hgcroc.scans import parameters, session_of

LIMIT = 300  # s; most of it is for a busy machine
MODULE = '''
"""Analyses of somebody."""
import numpy as np


class table_seen:
    def __init__(self, parameters):
        self.parameters = parameters

    def output(self):
        return {"summary": "seen.txt", "plots": ["a.png"], "calibration": None}

    def run(self, data, output_dir):
        assert isinstance(output_dir, str)
        with open(output_dir + "/seen.txt", "w") as out:
            print(data.shape, list(data.columns[:3]), self.parameters["word"], file=out)
        data["adc_mean"] = 0  # on a copy
        if self.parameters["word"] != "lazy":
            open(output_dir + "/a.png", "w").close()


class raising:
    def __init__(self, parameters):
        pass

    def output(self):
        return {"summary": None, "plots": [], "calibration": None}

    def run(self, data, output_dir):
        return data["no such column"]


def largest(table, least=0):
    return {"largest": np.maximum(table["adc_mean"].max(axis=0), least)}


def framed(table):
    import pandas as pd

    return pd.DataFrame({"chip": table.chip, "mean": table["adc_mean"].mean(axis=0)})
'''
WRONG = """
import sys


def leaving(table):
    sys.exit(3)


class saying_nothing:
    def __init__(self, parameters):
        pass

    def output(self):
        return None

    def run(self, data, output_dir):
        pass


class out_of_range(saying_nothing):
    def output(self):
        return {"summary": None, "plots": [], "calibration": "found.yaml"}

    def run(self, data, output_dir):
        with open(output_dir + "/found.yaml", "w") as out:
            out.write("roc_s0: {ReferenceVoltage: {0: {Inv_vref: 32100}}}")
"""
NOTEBOOK_CELL = """scan: str = ""  # file of the scan
folder: str = ""  # where results go
limit: int = 0  # ADC counts
"""


@pytest.fixture(scope="module")
def scan(shared_data, tmp_path_factory):
    """Return the file of a scan over trim_inv, in dialect 0.1.2."""
    from kit.hgcroc.emulator.service import Emulator

    folder = tmp_path_factory.mktemp("scan")
    with Emulator() as emulator:
        p = parameters(shared_data, emulator, "0.1.2", "trim_inv_scan", n_events=20)
        list(session_of(p, folder).measure())
    return folder / FILE


@pytest.fixture
def users(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    return UserDistilleries(str(tmp_path / "mine.py"))


def test_classes_of_012_run_unchanged_and_their_calibration_is_an_overlay(shared_data, scan, tmp_path):
    source = shared_data / "hgcroc" / "examples_012" / "analyses"
    shutil.copytree(source, tmp_path / "analyses")
    users = UserDistilleries(str(tmp_path / "analyses"))
    assert users.names == ["adc_table", "pedestal_target"]
    assert users.run("pedestal_target", {"target": 310}, scan, tmp_path / "out") == ["pedestal_target.yaml"]
    tree = yaml.safe_load((tmp_path / "out" / OVERLAY).read_text())
    assert sorted(tree) == ["roc_s0", "roc_s1", "roc_s2"]
    trims = [value["trim_inv"] for value in tree["roc_s1"]["ch"].values()]
    assert len(trims) == 72
    assert len(set(trims)) > 10


def test_classes_see_the_table_that_pandas_reads_from_the_export(scan, tmp_path):
    with Scan.open(scan) as opened:
        export_012(opened, tmp_path / "merged.hdf5")
        pd.testing.assert_frame_equal(frame_012(opened), pd.read_hdf(tmp_path / "merged.hdf5"), check_freq=False)
        assert frame_012(opened).shape == (len(opened) * 234, 179)


def test_a_class_gets_its_parameters_an_absolute_folder_and_a_copy(users, scan, tmp_path):
    assert users.run("table_seen", {"word": "hello"}, scan, tmp_path / "out") == ["seen.txt", "a.png"]
    seen = (tmp_path / "out" / "seen.txt").read_text()
    assert seen.endswith("['chip', 'channel', 'channeltype'] hello\n")
    with Scan.open(scan) as opened:
        assert opened.array("adc_mean").max() > 100


def test_files_that_are_declared_and_not_written_are_named(users, scan, tmp_path):
    with pytest.raises(UserAnalysisError, match=r"table_seen of .*mine.py did not write a.png, which it declares"):
        users.run("table_seen", {"word": "lazy"}, scan, tmp_path / "out")


def test_a_class_that_raises_is_told_with_file_and_trace(users, scan, tmp_path):
    with pytest.raises(UserAnalysisError, match=r"raising of .*mine.py fails with KeyError(?s:.)*no such column"):
        users.run("raising", {}, scan, tmp_path / "out")


def test_functions_return_columns_or_a_table(users, scan, tmp_path):
    assert users.run("largest", {"least": 900}, scan, tmp_path / "a") == ["curves.npz", "summary.csv"]
    table = pd.read_csv(tmp_path / "a" / "summary.csv")
    assert len(table) == 234
    assert table["largest"].min() == 900
    assert users.run("framed", {}, scan, tmp_path / "b") == ["summary.csv"]
    assert np.isfinite(pd.read_csv(tmp_path / "b" / "summary.csv")["mean"]).all()


def test_names_that_are_not_there_and_modules_that_do_not_import_are_told(users, scan, tmp_path):
    assert users.names == ["table_seen", "raising", "largest", "framed"]
    with pytest.raises(UserAnalysisError, match=r"no analysis 'larges' \(did you mean largest\?\)"):
        users.run("larges", {}, scan, tmp_path / "out")
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UserAnalysisError, match=r"broken.py cannot be imported: ModuleNotFoundError"):
        UserDistilleries(str(tmp_path / "broken.py"))
    with pytest.raises(UserAnalysisError, match="should be a Python file, a package's folder or a notebook"):
        UserDistilleries(str(tmp_path / "nowhere"))


def notebook(path, source):
    def code(number, text, tags):
        return {
            "cell_type": "code", "id": f"c{number}", "metadata": {"tags": tags}, "outputs": [],
            "execution_count": None, "source": text,
        }  # fmt: skip

    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [code(0, NOTEBOOK_CELL, ["parameters"]), code(1, source, [])]
    import json

    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


def test_a_notebook_is_run_with_the_scan_and_a_folder(scan, tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    source = (
        "from pathlib import Path\nfrom kit.hgcroc.measurements import Scan\n"
        "with Scan.open(scan) as opened:\n"
        "    above = int((opened.array('adc_mean') > limit).sum())\n"
        "Path(folder, 'above.txt').write_text(str(above))\n"
    )
    notebook(tmp_path / "count.ipynb", source)
    users = UserDistilleries(str(tmp_path / "count.ipynb"))
    assert users.run("count", {"limit": 5}, scan, tmp_path / "out") == ["above.txt"]
    assert int((tmp_path / "out" / "above.txt").read_text()) > 1000
    notebook(tmp_path / "count.ipynb", "raise ValueError('too many')")
    with pytest.raises(UserAnalysisError, match="too many"):
        users.run("count", {}, scan, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("leaving", r"leaving of .*mine\.py fails with SystemExit: 3"),
        ("saying_nothing", r"output\(\) returns a NoneType, should return a map with summary, plots, calibration"),
        ("out_of_range", r"out_of_range of .*mine\.py writes a calibration that cannot be used: .*32100"),
    ],
)
def test_what_a_user_s_analysis_does_wrong_is_told(scan, tmp_path, name, told):
    (tmp_path / "mine.py").write_text(WRONG)
    with pytest.raises(UserAnalysisError, match=told):
        UserDistilleries(str(tmp_path / "mine.py")).run(name, {}, scan, tmp_path / "out")


def test_a_module_that_is_not_there_is_told_so(tmp_path):
    with pytest.raises(UserAnalysisError, match=r"nothing\.py: does not exist, should be a Python file"):
        UserDistilleries(str(tmp_path / "nothing.py"))
