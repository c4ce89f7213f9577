"""The pictures of a run of the stage."""

from types import SimpleNamespace

import pytest

from kit.hgcroc.plots import acquisition_figures
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.test_legacy import scan_in

ALWAYS = {"curves", "map", "noise"}


@pytest.mark.parametrize(
    ("axes", "names"),
    [([PHASE, CALIB], ALWAYS | {"times"}), ([CALIB], ALWAYS), ([], ALWAYS)],
)
def test_a_run_has_its_pictures_whatever_its_axes(tmp_path, axes, names):
    (tmp_path / "scan-1").mkdir()
    scan_in(tmp_path / "scan-1", plan_of([{"key": key, "values": [1, 2]} for key in axes])).close()
    run = SimpleNamespace(directory=tmp_path, summary={"folder": "scan-1"})
    assert set(acquisition_figures(run)) == names
