"""What distilleries find is what the emulated board really is: several seeds, bad channels among the good."""

import numpy as np
import pytest

from kit.hgcroc.calibration.distilleries import distil
from kit.hgcroc.calibration.grading import bad_channels, grade_board, worst
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.tabulation import CALIB_CHARGE
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, characterised, rows_of

LIMIT = 300  # s; most of it is for a busy machine
NOMINAL = 1024 / 320  # ADC counts per fC: 10 bits over the full scale of 320 fC
DEAD, NOISY, SHORTED = (0, 5), (1, 40), (2, 20)


class Closed:
    """A characterised board beside its truth."""

    def __init__(self, seed, *, faults):
        board = Hexaboard("ld", seed)
        if faults:
            board.inject("dead_channel", chip=DEAD[0], channel=DEAD[1])
            board.inject("noisy_channel", chip=NOISY[0], channel=NOISY[1])
            board.inject("shorted_channel", chip=SHORTED[0], channel=SHORTED[1])
        self.tables, _ = characterised(board)
        self.found = distil(self.tables, WISHES)
        constants = {name: values for name, values in vars(board.truth).items() if name != "dead_tdc"}
        self.truth = {name: rows_of(values) for name, values in constants.items()}
        first = self.found["gain"]
        self.channels = first.kind == 0
        hurt = self.truth["dead"] | self.truth["noisy"] | self.truth["shorted"] | np.roll(self.truth["shorted"], 1)
        self.good = self.channels & ~hurt
        self.half = 2 * first.chip + np.where(first.kind == 0, first.channel // 36, 0)

    def row(self, place):
        return 78 * place[0] + place[1]

    def worst(self, values):
        return float(np.max(np.abs(values[self.good])))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((1, False), id="seed 1"),
        pytest.param((4, True), id="seed 4, bad channels"),
        pytest.param((3, True), id="seed 3, bad channels", marks=pytest.mark.slow),
        pytest.param((7, True), id="seed 7, bad channels", marks=pytest.mark.slow),
        pytest.param((11, False), id="seed 11", marks=pytest.mark.slow),
    ],
)
def closed(request):
    return Closed(request.param[0], faults=request.param[1])


def test_pedestals_are_on_target_within_2_adc_for_95_percent_of_the_channels(closed):
    pedestals, target = closed.found["pedestals"].rows["pedestal"], closed.found["trim_inv"].halves["target"]
    off = np.abs(pedestals - target[closed.half])[closed.good]
    assert (off < 2).mean() >= 0.95
    listed = (closed.found["trim_inv"].reasons & Reason.UNREACHABLE != 0)[closed.good]
    assert (off[~listed] < 2).all()  # whoever is off is listed


def test_noise_and_common_mode_are_told_apart(closed):
    found = closed.found["pedestals"]
    own = np.hypot(closed.truth["noise"], 12**-0.5)  # with the rounding of the ADC
    assert np.median(found.rows["noise_own"][closed.good] / own[closed.good]) == pytest.approx(1, abs=0.02)
    assert closed.worst(found.rows["noise_own"] / own - 1) < 0.15
    assert found.halves["common_mode"] == pytest.approx(0.35, abs=0.04)


def test_gain_is_right_within_1_percent(closed):
    gain = closed.found["gain"]
    assert closed.worst(gain.rows["gain"] / (closed.truth["gain"] * NOMINAL) - 1) < 0.01
    assert closed.worst(gain.rows["inl"]) < 1  # LSB


def threshold_of(closed):
    vref = closed.found["toa_vref"].halves["Toa_vref"][closed.half]
    trim = np.nan_to_num(closed.found["trim_toa"].rows["trim_toa"])
    truth = closed.truth
    return truth["toa_threshold"] + truth["toa_per_vref"] * (vref - 155) + truth["toa_per_trim"] * trim


def test_q50_is_right_within_a_dac_count_and_its_width_within_15_percent(closed):
    found = closed.found["toa_curves"].rows
    assert closed.worst((found["q50"] - threshold_of(closed)) / CALIB_CHARGE["LowRange"]) < 1
    assert np.quantile(np.abs(found["sigma"] / 0.35 - 1)[closed.good], 0.99) < 0.15
    pull = ((found["q50"] - threshold_of(closed)) / found["q50_below"])[closed.good]
    assert 0.8 < np.std(pull) < 1.25  # the errors are what they say


def test_thresholds_are_where_they_were_wanted(closed):
    found = closed.found["toa_curves"]
    reached = closed.good & (closed.found["trim_toa"].reasons == 0)
    assert np.median(found.rows["q50"][reached]) == pytest.approx(WISHES.toa_target, abs=0.1)
    assert np.std(found.rows["q50"][reached]) < 0.08  # 0.6 fC before
    assert np.std(closed.truth["toa_threshold"][reached]) > 0.5


def test_what_is_left_of_the_time_walk_is_below_a_count_above_90_fc(closed):
    walk = closed.found["time_walk"].rows
    assert closed.worst(walk["residual_max"]) < 1
    assert np.median(walk["power"][closed.good]) == pytest.approx(1.58, abs=0.02)
    assert np.median((walk["before_ps"] / walk["after_ps"])[closed.good]) > 50


def test_slope_of_tot_is_right_within_2_percent_and_joins_the_adc(closed):
    line = closed.found["tot_line"].rows
    assert closed.worst(line["slope"] / closed.truth["tot_slope"] - 1) < 0.02
    assert np.nanmedian(np.abs(closed.found["joining"].rows["step"])[closed.good]) < 10  # fC, of about 200


def test_phase_and_crosstalk_are_those_of_the_board(closed):
    assert closed.found["phase"].summary["phase"] == [3, 3, 3]
    per_charge = 0.003 / CALIB_CHARGE["HighRange"]  # measured per DAC count
    assert closed.found["crosstalk"].summary["crosstalk"] == pytest.approx(per_charge, rel=0.05)
    assert closed.found["phase_steps"].summary["codes_per_phase"] == pytest.approx(64, abs=0.1)


def test_bad_channels_are_flagged_with_the_right_reason_and_no_others(closed):
    reach = "target out of the register's reach"
    bad = [each for each in bad_channels(closed.found) if each.kind == "channel"]
    told = {(each.chip, each.channel): each.reasons for each in bad}
    told = {place: reasons for place, reasons in told.items() if reasons != reach}
    wanted = {}
    if closed.truth["dead"].any():
        neighbour = (SHORTED[0], SHORTED[1] + 1)
        wanted = {DEAD: "dead: no noise", NOISY: "noisy"}
        wanted |= dict.fromkeys((SHORTED, neighbour), "shorted with a neighbour")
    assert {place: reasons.removesuffix(f", {reach}") for place, reasons in told.items()} == wanted


def test_three_bad_channels_do_not_make_a_board_bad(closed):
    assert worst(grade_board(closed.found)) == "good"


def test_bad_channels_do_not_move_the_others():
    tables, found = zip(*(_inv_vref(faults) for faults in (False, True)), strict=True)
    plain, hurt = (each.halves["Inv_vref"] for each in found)
    assert np.abs(plain - hurt).max() <= 2  # counts of the register; 36 channels of a half, two of which are bad
    assert len(tables[0]) == len(tables[1])


def _inv_vref(faults):
    board = Hexaboard("ld", 5)
    if faults:
        board.inject("dead_channel", chip=0, channel=5)
        board.inject("noisy_channel", chip=0, channel=6)
    tables, found = characterised(board, until="inv_vref")
    return tables, found["inv_vref"]


def test_a_chip_without_tdc_is_okish_and_says_why():
    board = Hexaboard("ld", 2)
    board.inject("dead_tdc", value=1)
    tables, _ = characterised(board)
    grades = grade_board(distil(tables, WISHES))
    assert [each.grade for each in grades] == ["good", "okish", "good"]
    assert "72 channels bad in TOA and 72 in TOT" in grades[1].reasons[0]
