"""One entry from scans to its folder: the parameters of the entry win, unknown ones are refused."""

import pytest

from kit.hgcroc.calibration.analyses import Analysis
from kit.hgcroc.calibration.distillates import load_distillate
from kit.hgcroc.calibration.distilling import distil_entry
from kit.hgcroc.planning.documents import ProcedureError


def scans_of(folder, *names):
    return [next(folder.glob(f"{name}-*/scan.h5")) for name in names]


def test_the_parameters_of_the_entry_win(demo_folder, tmp_path):
    scans = scans_of(demo_folder, "vrefinv")
    for target in (150, 250):
        entry = Analysis("mine", ("vrefinv",), "inv_vref", {"target_inv": target})
        found = distil_entry(entry, scans, tmp_path / str(target))
        assert found.name == load_distillate(tmp_path / str(target)).name == "mine"
        assert found.halves["expected"] == pytest.approx(target, abs=0.5)
        assert (tmp_path / str(target) / "overlay.yaml").is_file()


def test_two_scans_go_into_one_analysis(demo_folder, tmp_path):
    entry = Analysis("toa_vref", ("toa_vref_noinj", "toa_vref"), "toa_vref", {"toa_target": 20.0})
    found = distil_entry(entry, scans_of(demo_folder, "toa_vref_noinj", "toa_vref"), tmp_path)
    assert len(found.curves["levels"]) == 2
    assert len(found.sources) == 2


def test_an_analysis_that_nobody_has_is_refused_with_all_names(demo_folder, tmp_path):
    with pytest.raises(ProcedureError, match=r"no distillery 'mine', should be one of pedestals, .*user_module"):
        distil_entry(Analysis("mine", ("vrefinv",), "mine"), scans_of(demo_folder, "vrefinv"), tmp_path)
