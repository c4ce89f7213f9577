"""Pictures of scans: what they show, of any scan, also of one without data."""

import numpy as np
import pytest

from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures import scan_plots
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.test_legacy import scan_in

PLAN = plan_of([{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}])
ALL = (scan_plots.curves, lambda scan: scan_plots.times(scan, 0))


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    with scan_in(tmp_path_factory.mktemp("scan"), PLAN, points=[0, 1, 2, 3, 5]) as opened:
        yield opened


def test_curves_run_along_the_axis_through_the_last_point(scan):
    drawing = scan_plots.curves(scan, ["adc_median"], rows=[5, 80])
    (axes,) = drawing.axes
    drawn = [line for line in axes.lines if line.get_label().startswith("chip")]
    assert [line.get_label() for line in drawn] == ["chip 0, channel 5", "chip 1, channel 2"]
    assert drawn[0].get_xdata().tolist() == [0, 9]  # point 4 is not measured
    assert drawn[0].get_ydata().tolist() == scan.array("adc_median", [3, 5])[:, 5].tolist()
    assert axes.get_xlabel() == "Calib [DAC counts]"
    assert axes.get_ylabel() == "median ADC [counts]"
    assert axes.get_title(loc="left") == "scan, phase_strobe 3"


def test_another_axis_and_point_can_be_chosen(scan):
    drawing = scan_plots.curves(scan, ["toa_efficiency"], axis=0, point=2, rows=[0])
    drawn = next(line for line in drawing.axes[0].lines if line.get_label().startswith("chip"))
    assert drawn.get_xdata().tolist() == [2, 3]
    assert drawing.axes[0].get_ylabel() == "TOA efficiency"


def test_the_strongest_rows_change_most(scan):
    rows = scan_plots.strongest(scan, np.array([0, 1]))
    change = np.ptp(scan.array("adc_median", [0, 1]).astype(int), axis=0)
    assert change[rows].min() >= np.delete(change, rows).max()


def test_a_channel_that_only_fires_is_among_the_strongest(scan):
    alone = scan_plots.strongest(scan, np.array([0, 1]), ["adc_median"], count=1)
    fired = np.ptp(scan.array("toa_efficiency", [0, 1]), axis=0)
    both = scan_plots.strongest(scan, np.array([0, 1]), ["adc_median", "toa_efficiency"], count=234)
    assert len(alone) == 1
    assert len(both) == 234
    change = fired + np.ptp(scan.array("adc_median", [0, 1]).astype(int), axis=0) / 1023
    best = scan_plots.strongest(scan, np.array([0, 1]), ["adc_median", "toa_efficiency"])
    assert change[best].min() >= np.delete(change, best).max()


def test_all_pictures_of_a_scan_without_data_say_so(tmp_path):
    create(tmp_path / "scan.h5", PLAN, register_table("ld").reset, {})
    with Scan.open(tmp_path / "scan.h5") as scan:
        for draw in ALL:
            texts = [text.get_text() for axes in draw(scan).axes for text in axes.texts]
            assert any("yet" in text or "no channel" in text for text in texts)


def test_columns_have_units():
    assert scan_plots.quantity_label("toa_stdd") == "standard deviation of TOA [25 ns / 1024]"
    assert scan_plots.quantity_label("n_bad") == "n_bad"
    assert scan_plots.axis_label("Inv_vref") == "Inv_vref [register counts]"
