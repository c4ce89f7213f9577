"""The pictures of a run of the stage."""

from types import SimpleNamespace

import pytest

from kit.hgcroc.calibration.reporting import PICTURES
from kit.hgcroc.plots import acquisition_figures, distillation_figures
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


def test_every_analysis_has_a_picture_that_the_report_shows(distilled):
    pictures = distillation_figures(distilled)
    assert {name for names in PICTURES.values() for name in names} | {"grades", "alignment"} == set(pictures)
    for name, picture in pictures.items():
        labels = [text for axes in picture.axes if axes.axison for text in (axes.get_xlabel(), axes.get_ylabel())]
        assert name in ("grades",) or any("[" in text or "channel" in text for text in labels), name


def test_a_run_without_scans_of_pedestals_has_fewer(distilled, tmp_path):
    import shutil

    shutil.copytree(distilled.directory, tmp_path / "run")
    for name in ("pedestals", "pedestals_before", "gain"):
        shutil.rmtree(tmp_path / "run" / name)
    pictures = distillation_figures(SimpleNamespace(directory=tmp_path / "run"))
    assert {"noise", "alignment", "gain"} & set(pictures) == set()
