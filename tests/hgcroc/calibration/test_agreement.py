"""Calibrations of several analyses hold together: the later scan decides."""

import numpy as np
import pytest

from kit.hgcroc.calibration.agreement import agreed, in_force
from kit.hgcroc.calibration.distillates import LEAVE
from kit.hgcroc.calibration.distilleries import DISTILLERIES
from kit.hgcroc.calibration.wishes import Wishes
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import measured

SCANS = {"inv_vref": "vrefinv", "noinv_vref": "vrefnoinv", "trim_inv": "pedestal_scan"}
PLACE = ("ReferenceVoltage", "Noinv_vref")


@pytest.fixture(scope="module")
def chain():
    """Return the tables of three scans of a chain, and what their analyses find."""
    board, trees, tables, found = Hexaboard("char", 1), [], [], {}
    for name, scan in SCANS.items():
        tables.append(measured(board, scan, trees, n_events=20))
        found[name] = DISTILLERIES[name].distil(tables[-1], Wishes())
        trees.append(found[name].tree)
    return tables, found


def test_a_stepped_voltage_is_not_in_force_and_another_one_is_that_of_the_chips(chain):
    tables, found = chain
    assert (in_force(tables[1], "Noinv_vref") == LEAVE).all()
    assert in_force(tables[1], "Inv_vref").tolist() == found["inv_vref"].registers[PLACE[0], "Inv_vref"].tolist()


def test_a_chain_agrees_with_itself(chain):
    tables, found = chain
    assert agreed(found, tables) == found


def test_a_voltage_for_another_target_gives_way_to_trims_that_were_scanned_later(chain):
    tables, found = chain
    other = found | {"noinv_vref": DISTILLERIES["noinv_vref"].distil(tables[1], Wishes(target_noinv=60))}
    assert np.abs(other["noinv_vref"].registers[PLACE] - found["noinv_vref"].registers[PLACE]).min() > 100
    made = agreed(other, tables)
    assert made["noinv_vref"].registers[PLACE].tolist() == found["noinv_vref"].registers[PLACE].tolist()
    assert made["trim_inv"].tree == found["trim_inv"].tree
    assert "all calibrations together keep the former" in made["noinv_vref"].remarks[-1]


def test_trims_that_were_scanned_before_the_voltage_are_left_out_and_that_is_told(chain):
    tables, found = chain
    other = found | {"noinv_vref": DISTILLERIES["noinv_vref"].distil(tables[1], Wishes(target_noinv=60))}
    made = agreed(other, [tables[0], tables[2], tables[1]])
    assert made["noinv_vref"].tree == other["noinv_vref"].tree
    assert made["trim_inv"].tree == {}
    assert made["trim_inv"].remarks[-1].endswith("later: trim_inv has to be scanned again")
