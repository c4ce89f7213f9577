"""The emulated chip against the measured and published numbers, each law by itself."""

import math

import numpy as np
import pytest

from kit.hgcroc.emulator import pulse
from kit.hgcroc.emulator.chip import Trigger, full_scale, pedestals, respond
from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.emulator.truth import Truth, place_of
from kit.hgcroc.registers import register_table
from tests.hgcroc.stands import INJECTED, changed, initial

TABLE = register_table("ld")
PULSE = Trigger(pulsed=True, distance=22)  # 0 at the L1Offset of 10 that `initial` has
PLACES = tuple(np.array([place_of(channel) for channel in INJECTED]).T)
HIGH = pulse.CALIB_CHARGE["HighRange"]


@pytest.fixture
def truth():
    return Truth.drawn(3, 1)


def answer(truth, state, trigger=PULSE, events=400, seed=3):
    return respond(truth, ChipSettings.of(TABLE, state), trigger, events, np.random.default_rng(seed))


def only(**registers):
    """Return a state with one channel register set everywhere."""
    return changed(initial(), TABLE, **dict.fromkeys(("ch", "calib", "cm"), registers))


def injected(values):
    """Return the values of the injected channels, shape (..., ROC, 4)."""
    return values[..., PLACES[0], PLACES[1]]


def test_the_same_seed_gives_the_same_events(truth):
    state = initial(Calib=500)
    one, same, other = (answer(truth, state, seed=seed) for seed in (1, 1, 2))
    assert (one.adc == same.adc).all()
    assert (one.tot == same.tot).all()
    assert (one.adc != other.adc).any()


def test_pedestals_and_noise_are_those_of_the_truth(truth):
    seen = answer(truth, initial(), Trigger(), events=4000).adc.astype(float)
    expected = pedestals(truth, ChipSettings.of(TABLE, initial()))
    assert seen.mean(axis=0) == pytest.approx(expected, abs=0.1)
    noise = np.sqrt(truth.noise**2 + 0.35**2 + 1 / 12)
    assert seen.std(axis=0) == pytest.approx(noise, rel=0.06)


def test_the_median_noise_is_the_measured_one(truth):
    assert np.median(answer(truth, initial(), events=2000).adc.std(axis=0)) == pytest.approx(1.05, abs=0.05)


def test_channels_of_a_half_move_together_by_the_common_noise(truth):
    seen = answer(truth, initial(), Trigger(), events=4000).adc.astype(float)
    half = seen[:, 0, 0] - seen[:, 0, 0].mean(axis=0)
    covariance = np.cov(half.T)
    off_diagonal = covariance[~np.eye(39, dtype=bool)]
    assert off_diagonal.mean() == pytest.approx(0.35**2, rel=0.1)
    other = seen[:, 0, 1] - seen[:, 0, 1].mean(axis=0)
    assert (half.mean(axis=1) * other.mean(axis=1)).mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(("register", "step", "slope"), [("Inv_vref", -50, -0.8), ("Noinv_vref", -40, -0.6)])
def test_pedestals_follow_the_reference_voltages(truth, register, step, slope):
    start = initial()
    value = {"Inv_vref": 300, "Noinv_vref": 100}[register] + step
    moved = pedestals(truth, ChipSettings.of(TABLE, changed(start, TABLE, ReferenceVoltage={register: value})))
    change = (moved - pedestals(truth, ChipSettings.of(TABLE, start))) / step
    assert change.mean() == pytest.approx(slope, rel=0.05)
    assert change.std() == pytest.approx(abs(slope) * 0.1, rel=0.3)


def test_the_trim_raises_the_pedestal(truth):
    change = pedestals(truth, ChipSettings.of(TABLE, only(trim_inv=20))) - pedestals(
        truth, ChipSettings.of(TABLE, initial())
    )
    assert change / 20 == pytest.approx(truth.per_trim)


def test_the_phase_moves_the_pedestal_by_the_measured_swing(truth):
    seen = [
        pedestals(truth, ChipSettings.of(TABLE, changed(initial(), TABLE, Top={"phase_strobe": phase})))
        for phase in range(16)
    ]
    assert np.ptp(seen, axis=0) == pytest.approx(3, abs=0.2)


def test_counts_never_leave_ten_bits(truth):
    low = answer(truth, changed(initial(), TABLE, ReferenceVoltage={"Inv_vref": 1023}), Trigger()).adc
    high = answer(truth, initial(Calib=4095)).adc
    assert low.min() == 0
    assert high.max() == 1023


@pytest.mark.parametrize(("cf", "top"), [(0, 80), (2, 160), (4, 320), (15, 320)])
def test_the_gain_is_the_range_over_ten_bits(truth, cf, top):
    state = changed(initial(Calib=20), TABLE, GlobalAnalog={"Cf": cf})
    assert (full_scale(ChipSettings.of(TABLE, state))[0] == top).all()
    before = answer(truth, changed(state, TABLE, ReferenceVoltage={"Calib": 0})).adc.mean(axis=0)
    signal = injected(answer(truth, state).adc.mean(axis=0) - before)
    assert signal == pytest.approx(20 * HIGH * injected(truth.gain) * 1024 / top, rel=0.01)


def test_nothing_is_injected_without_the_switches_or_the_pulse(truth):
    closed = changed(initial(Calib=1000), TABLE, ReferenceVoltage={"IntCtest": 0})
    rest = answer(truth, initial(), Trigger()).adc.mean(axis=0)
    assert answer(truth, closed).adc.mean(axis=0) == pytest.approx(rest, abs=0.5)
    assert answer(truth, initial(Calib=1000), Trigger()).adc.mean(axis=0) == pytest.approx(rest, abs=0.5)


def test_low_range_is_a_sixteenth_of_high_range(truth):
    low = only(LowRange=1, HighRange=0)
    signal = answer(truth, changed(low, TABLE, ReferenceVoltage={"Calib": 1600})).adc.mean(axis=0)
    signal -= answer(truth, low).adc.mean(axis=0)
    equal = answer(truth, initial(Calib=100)).adc.mean(axis=0) - answer(truth, initial()).adc.mean(axis=0)
    assert injected(signal) == pytest.approx(injected(equal), abs=0.7)


def test_others_see_the_measured_cross_talk(truth):
    change = answer(truth, initial(Calib=1000), events=2000).adc.mean(axis=0) - answer(
        truth, initial(), events=2000
    ).adc.mean(axis=0)
    change[:, PLACES[0], PLACES[1]] = np.nan
    assert np.nanmean(change) == pytest.approx(3.0, abs=0.1)  # 0.003 ADC per count


def test_toa_moves_by_64_codes_a_phase_step_and_wraps(truth):
    truth.toa_swing[:] = 0
    means = []
    for phase in (3, 4, 11):
        codes = injected(answer(truth, changed(initial(Calib=1500), TABLE, Top={"phase_strobe": phase})).toa)
        means.append(np.angle(np.exp(2j * np.pi * codes / 1024).mean(axis=0)) * 1024 / 2 / np.pi)
    assert (means[1] - means[0]) % 1024 == pytest.approx(64, abs=0.3)
    assert (means[2] - means[0]) % 1024 == pytest.approx(512, abs=0.3)


def test_toa_walks_with_the_charge_as_measured(truth):
    truth.toa_swing[:] = 0
    truth.toa_offset[:] = 100
    truth.toa_jitter[:] = 0.5
    small, large = (injected(answer(truth, initial(Calib=calib)).toa.mean(axis=0)) for calib in (128, 1536))
    walk = 9.5e4 / (128 - 13) ** 1.58 - 9.5e4 / (1536 - 13) ** 1.58
    assert small - large == pytest.approx(injected(truth.walk) * walk, abs=0.2)


def test_toa_jitter_is_the_measured_one(truth):
    truth.toa_offset[:] = 300
    assert injected(answer(truth, initial(Calib=1500)).toa.astype(float)).std(axis=0).mean() == pytest.approx(
        0.485, abs=0.05
    )


def test_toa_fires_along_the_s_curve_of_its_threshold(truth):
    truth.toa_threshold[:] = 12
    state = changed(only(LowRange=1, HighRange=0), TABLE, ReferenceVoltage={"Toa_vref": 155})
    for calib in (96, 98, 100):
        charge = calib * pulse.CALIB_CHARGE["LowRange"]
        expected = 0.5 * math.erfc((12 - charge) / (math.sqrt(2) * 0.35))
        toa = answer(truth, changed(state, TABLE, ReferenceVoltage={"Calib": calib}), events=3000).toa
        assert (injected(toa) > 0).mean() == pytest.approx(expected, abs=0.02)


def test_toa_threshold_follows_vref_and_trim_and_is_seen_without_pulse(truth):
    state = changed(initial(), TABLE, ReferenceVoltage={"Toa_vref": 90})
    assert (answer(truth, state, Trigger()).toa[..., :37] > 0).mean() > 0.99
    state = changed(initial(), TABLE, ReferenceVoltage={"Toa_vref": 150})
    assert (answer(truth, state, Trigger()).toa > 0).sum() == 0
    trimmed = changed(only(LowRange=1, HighRange=0, trim_toa=40), TABLE, ReferenceVoltage={"Toa_vref": 155})
    charge = 14.0 / pulse.CALIB_CHARGE["LowRange"]  # half of the pulses at 12 fC + 40 · 0.05 fC
    truth.toa_threshold[:] = 12
    toa = answer(truth, changed(trimmed, TABLE, ReferenceVoltage={"Calib": round(charge)}), events=2000).toa
    assert (injected(toa) > 0).mean() == pytest.approx(0.5, abs=0.08)


def test_tot_rises_by_the_measured_slope_above_its_onset(truth):
    calib = np.array([512, 1024, 1536])
    means = np.array([injected(answer(truth, initial(Calib=each)).tot.mean(axis=0)) for each in calib])
    slope = np.diff(means, axis=0) / 512
    assert slope == pytest.approx(np.broadcast_to(injected(truth.tot_slope) * HIGH, slope.shape), rel=0.002)
    assert slope.mean() == pytest.approx(0.80, abs=0.05)
    offset = means - calib[:, None, None] * slope[0]
    assert offset.mean() == pytest.approx(-85, abs=5)


def test_tot_begins_between_the_measured_charges_and_flags_say_so(truth):
    for calib, flag in ((128, 0), (256, 3)):
        seen = answer(truth, initial(Calib=calib))
        assert (injected(seen.flags) == flag).all()
        assert ((seen.tot > 0) == (seen.flags == 3)).all()


def test_a_dead_tdc_starts_and_never_ends(truth):
    truth.dead_tdc[1] = True
    seen = answer(truth, initial(Calib=1500))
    assert (injected(seen.flags)[:, 1] == 1).all()
    assert seen.toa[:, 1].max() == seen.tot[:, 1].max() == 0
    assert (injected(seen.flags)[:, 0] == 3).all()
    assert injected(seen.adc)[:, 1].mean() > 900


def test_past_the_onset_of_tot_the_adc_grows_no_more(truth):
    truth.tot_threshold[:] = 100
    for calib in (52, 1000):
        signal = injected(answer(truth, initial(Calib=calib)).adc.mean(axis=0))
        rest = injected(answer(truth, initial()).adc.mean(axis=0))
        assert signal - rest == pytest.approx(100 * injected(truth.gain) * 1024 / 320, abs=1)


def test_times_are_only_seen_in_the_crossing_of_the_pulse(truth):
    late = answer(truth, initial(Calib=1500), Trigger(pulsed=True, distance=23))
    assert late.toa.max() == late.tot.max() == 0
    state = changed(initial(Calib=1500), TABLE, DigitalHalf={"L1Offset": 11})
    assert injected(answer(truth, state, Trigger(pulsed=True, distance=23)).toa).min() > 0


def test_one_crossing_later_the_fraction_of_the_range_is_left(truth):
    rest = injected(answer(truth, initial()).adc.mean(axis=0))
    now = injected(answer(truth, initial(Calib=100)).adc.mean(axis=0)) - rest
    later = injected(answer(truth, initial(Calib=100), Trigger(pulsed=True, distance=23)).adc.mean(axis=0)) - rest
    assert later / now == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("mask", "column"), [("mask_adc", "adc"), ("mask_toa", "toa"), ("mask_tot", "tot")])
def test_masks_take_away_what_they_name_and_nothing_else(truth, mask, column):
    seen = answer(truth, changed(only(**{mask: 1}), TABLE, ReferenceVoltage={"Calib": 1500}))
    empty = {name for name in ("adc", "toa", "tot") if injected(getattr(seen, name)).max() == 0}
    assert empty == {column}


def test_a_channel_that_is_off_says_nothing(truth):
    seen = answer(truth, changed(only(Channel_off=1), TABLE, ReferenceVoltage={"Calib": 1500}))
    assert seen.adc.max() == seen.toa.max() == seen.tot.max() == 0


def test_high_impedance_cuts_a_branch_from_its_reference(truth):
    for register, cut in (("Inv_vref", "HZ_inv"), ("Noinv_vref", "HZ_noinv")):
        state = only(**{cut: 1})
        moved = changed(state, TABLE, ReferenceVoltage={register: 200})
        change = pedestals(truth, ChipSettings.of(TABLE, moved)) - pedestals(truth, ChipSettings.of(TABLE, state))
        assert change == pytest.approx(0)


def test_dead_noisy_and_shorted_channels_are_so(truth):
    truth.dead[0, 0, 3] = truth.noisy[0, 0, 4] = True
    truth.shorted[0, 0, 10] = True  # with 11; 10 is injected
    seen = answer(truth, initial(Calib=60))
    rest = answer(truth, initial())
    assert seen.adc[:, 0, 0, 3].std() == 0
    assert rest.adc[:, 0, 0, 4].std() == pytest.approx(5 * truth.noise[0, 0, 4], rel=0.15)
    signal = (seen.adc.mean(axis=0) - rest.adc.mean(axis=0))[0, 0] / truth.gain[0, 0]
    assert signal[10] == pytest.approx(signal[11], rel=0.03)
    assert signal[10] == pytest.approx(60 * HIGH / 2 * 3.2, rel=0.03)


def test_normal_mode_measures_the_crossing_before(truth):
    state = changed(initial(Calib=100), TABLE, DigitalHalf={"CalibrationSC": 0, "L1Offset": 10})
    late = answer(truth, state, Trigger(pulsed=True, distance=23))
    assert injected(late.adc_before).mean() > injected(late.adc).mean() + 400
    assert answer(truth, initial(Calib=100)).adc_before.max() == 0
