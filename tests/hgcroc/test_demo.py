"""The demo's procedures are found, also in a project of somebody else."""

import pytest

from kit.hgcroc.acquisition import AcquisitionParameters
from kit.hgcroc.demo import PROCEDURES, prepare
from kit.hgcroc.distillation import DistillationParameters
from kit.hgcroc.planning.procedures import read_library, read_procedure


def test_the_procedures_of_the_kit_are_there_and_right(tmp_path):
    path = prepare(AcquisitionParameters())
    assert path == tmp_path / PROCEDURES
    for name in read_library(path).names():
        _, findings = read_procedure(path, name)
        assert findings.warnings == []


def test_scans_of_ones_own_need_nothing(tmp_path):
    assert prepare(DistillationParameters(scans=["mine"])) == tmp_path / "mine"
    assert list(tmp_path.iterdir()) == []


def test_another_file_that_is_not_there_is_refused():
    with pytest.raises(FileNotFoundError, match=r"there is no mine\.yaml, the main file of procedures"):
        prepare(AcquisitionParameters(config="mine.yaml"))
