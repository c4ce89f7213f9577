"""The tables of one file: which rows, which numbers, and what does not fit."""

import numpy as np
import pandas as pd
import pytest

from kit.files import FormatError
from kit.smartpixels.amplifier import model_template
from kit.smartpixels.digitisation import digitise
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.options import AmplifierParameters, ClusterParameters
from kit.smartpixels.production import ProductionParameters
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.table_set import TableSet
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import samples

A = AmplifierParameters(response="simple")
AMPLIFIER = Amplifier(model_template(A), A)


@pytest.fixture
def write(tmp_path):
    """Give a function that writes the tables of a few clusters."""
    path = samples.write(tmp_path, samples.text_of(samples.clusters(6, flipped=0.5)))

    def write_tables(*kinds, scale=1.0, **values):
        p = ProductionParameters.build(values)
        with ClusterFile(path, ClusterParameters(clusters=[path])) as source:
            block = next(source.blocks())
            voltages = AMPLIFIER.respond(block, NUMPY)
            voltages.values[:] *= scale
            voltages.tenths[:] = np.rint(10 * voltages.values)
            paths = {kind: tmp_path / f"{kind}.parquet" for kind in kinds}
            tables = TableSet(paths, p, source.layout, source.geometry, 31, p, {"kit": "0"})
            codes = digitise(block.dense(voltages.values), 0.2, p)
            for table in tables.tables.values():
                table.__enter__()
            tables.append(voltages, codes)
            for table in tables.tables.values():
                table.__exit__(None, None, None)
            return {kind: pd.read_parquet(path) for kind, path in paths.items()}, block, voltages

    return write_tables


def test_all_tables_have_the_same_rows(write):
    frames, block, _ = write("labels", "recon2D", "recon3D", "part", "adc")
    rows = frames["labels"].index
    assert 0 < len(rows) < 6
    assert (frames["labels"]["z-entry"] == 100.0).all()
    assert all(frame.index.equals(rows) for frame in frames.values())
    assert block.numbers[rows].tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("kind", "rounding"), [("float64", True), ("float64", False), ("float32", True), ("int16", True)]
)
def test_numbers_are_of_the_type_that_was_asked_for(write, kind, rounding):
    frames, block, voltages = write("recon3D", parquet_type=kind, round_tables=rounding, select="all")
    found = frames["recon3D"].to_numpy()
    assert found.dtype == kind
    exact = block.dense(voltages.values).reshape(6, -1)
    tenths = np.rint(10 * exact)
    wanted = tenths if kind == "int16" else tenths / 10 if rounding else exact
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def test_a_voltage_that_does_not_fit_is_refused(write):
    with pytest.raises(FormatError, match=r"a voltage of \d+\.\d mV does not fit int16, choose float32"):
        write("recon3D", parquet_type="int16", scale=1e3)


def test_a_part_holds_labels_and_images(write):
    frames, _, _ = write("part", "labels", "recon3D", select="all")
    part = frames["part"]
    assert part["original_atEdge"].equals(frames["labels"]["original_atEdge"])
    assert "chargeOriginal_atEdge" not in part
    assert part["1084"].equals(frames["recon3D"]["1084"])


def test_a_cluster_of_another_shape_is_refused(write, tmp_path):
    other = samples.sensor(3, 4)
    content = samples.text_of(samples.clusters(2)) + samples.text_of(samples.clusters(1, other), None)
    path = samples.write(tmp_path, content, "b.out")
    p = ProductionParameters()
    with ClusterFile(path, ClusterParameters(clusters=[path], compat=True)) as source:
        tables = TableSet({"labels": tmp_path / "l.parquet"}, p, source.layout, source.geometry, 31, p, {})
        with (
            tables.tables["labels"],
            pytest.raises(FormatError, match="cluster 2 has another shape"),
        ):
            for block in source.blocks():
                tables.append(AMPLIFIER.respond(block, NUMPY), None)
