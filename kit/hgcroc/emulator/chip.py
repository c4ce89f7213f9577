"""The HGCROCv3: what its channels answer to a trigger, with the registers and the constants they have.

All events and all channels of a board are one array; what is the same for every event is worked out once, shape
(ROC, half, 39), and only noise is drawn for each event. Sources of the numbers: `truth` and `pulse`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.hgcroc.emulator import pulse
from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.emulator.truth import COMMON_MODE, COMMON_NOISE, TOTAL, Truth

__all__ = ["Samples", "Trigger", "full_scale", "pedestals", "respond"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.uint16]

TOP_ADC = 1023
TOP_TOT = 4095
TOA_CODES = 1024
CODES_PER_PHASE = 64  # measured 64 ± 1
# the feedback capacitor chooses full scale and what is left one bunch crossing later: Cf from, fC, fraction
RANGES = ((0, 80.0, 0.07), (2, 160.0, 0.15), (4, 320.0, 0.10))
LATENCY = 12  # BX; the emulator's convention: 0 for a pulse 22 BX before the L1A at L1Offset 10
CROSS_TALK = 0.003  # ADC counts per HighRange DAC count, on channels without injection; measured
NEVER = 1e-9  # a probability that is none
NOISY = 5.0  # times the noise

_ROOT_TWO = 2**0.5


@dataclass(frozen=True)
class Trigger:
    """What comes before a sample: whether there is a pulse, and how many bunch crossings before the L1A."""

    pulsed: bool = False
    distance: int = 0

    def bunch(self, settings: ChipSettings) -> npt.NDArray[np.int64]:
        """Return the sampled bunch crossing relative to the pulse's own, shape (ROC, half, 1)."""
        return self.distance - settings.half("DigitalHalf", "L1Offset")[:, :, None] - LATENCY


@dataclass(frozen=True)
class Samples:
    """What the channels answer, shape (event, ROC, half, 39).

    Attributes
    ----------
    adc, adc_before : ndarray of uint16
        Charge, and charge in the bunch crossing before (all zero where no half sends it).
    toa, tot : ndarray of uint16
        TOT in full counts, before it is compressed for the wire.
    flags : ndarray of uint8
        2 Tc + Tp: 3 where a TOT is complete, 1 where one has begun and not ended.
    """

    adc: CodeArray
    adc_before: CodeArray
    toa: CodeArray
    tot: CodeArray
    flags: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Charges:
    """Charges in fC: injected, and those at which half of the pulses fire."""

    injected: FloatArray
    toa: FloatArray
    tot: FloatArray


def respond(
    truth: Truth, settings: ChipSettings, trigger: Trigger, events: int, rng: np.random.Generator
) -> Samples:
    """Return what the channels of a board answer to so many equal triggers."""
    charges = _charges(truth, settings, pulsed=trigger.pulsed)
    raw = settings.half("DigitalHalf", "CalibrationSC") == 0
    bunch = trigger.bunch(settings)
    adc = _adc(truth, settings, charges, bunch, events, rng)
    adc_before = _adc(truth, settings, charges, bunch - 1, events, rng) if raw.any() else np.zeros_like(adc)
    seen = bunch == 0
    toa = _toa(truth, settings, charges, events, rng, seen)
    tot, flags = _tot(truth, settings, charges, events, rng, seen)
    return Samples(adc, adc_before, toa, tot, flags)


def pedestals(truth: Truth, settings: ChipSettings) -> FloatArray:
    """Return the mean ADC counts of every channel without charge."""
    inverting = truth.per_inv * (_over_channels(settings, "Inv_vref") - 300)
    inverting = inverting + truth.per_trim * settings.channel("trim_inv")
    straight = truth.per_noinv * (_over_channels(settings, "Noinv_vref") - 100)
    phase = settings.top("phase_strobe")[:, None, None]
    swing = truth.phase_swing * np.sin(2 * np.pi * phase / 16 + truth.phase_start)
    # a branch of the shaper in high impedance follows its reference voltage no more
    inverting, straight = inverting * _off(settings, "HZ_inv"), straight * _off(settings, "HZ_noinv")
    return truth.pedestal + inverting + straight + swing


def full_scale(settings: ChipSettings) -> tuple[FloatArray, FloatArray]:
    """Return the charge of the highest ADC count in fC and the fraction left one BX later, shape (ROC, half)."""
    chosen = settings.half("GlobalAnalog", "Cf")
    place = np.searchsorted([start for start, _, _ in RANGES], chosen, side="right") - 1
    return np.array([top for _, top, _ in RANGES])[place], np.array([left for _, _, left in RANGES])[place]


def _off(settings: ChipSettings, name: str) -> npt.NDArray[np.int64]:
    return 1 - settings.channel(name)


def _over_channels(settings: ChipSettings, name: str) -> npt.NDArray[np.int64]:
    return settings.half("ReferenceVoltage", name)[:, :, None]


def _charges(truth: Truth, settings: ChipSettings, *, pulsed: bool) -> _Charges:
    calib = _over_channels(settings, "Calib") * _over_channels(settings, "IntCtest")
    injected = pulse.charge_of(calib, settings.channel("LowRange"), settings.channel("HighRange")) * pulsed
    injected[..., list(COMMON_MODE)] = 0  # their input is not connected
    injected[truth.dead | (settings.channel("Channel_off") == 1) | (settings.channel("HZ_inv") == 1)] = 0
    short = truth.shorted[..., :-1]
    shared = np.where(short, (injected[..., :-1] + injected[..., 1:]) / 2, 0)
    injected[..., :-1] = np.where(short, shared, injected[..., :-1])
    injected[..., 1:] = np.where(short, shared, injected[..., 1:])
    toa = truth.toa_threshold + truth.toa_per_vref * (_over_channels(settings, "Toa_vref") - 155)
    tot = truth.tot_threshold + truth.tot_per_vref * (_over_channels(settings, "Tot_vref") - 700)
    return _Charges(
        injected,
        toa + truth.toa_per_trim * settings.channel("trim_toa"),
        tot + truth.tot_per_trim * settings.channel("trim_tot"),
    )


def _adc(
    truth: Truth,
    settings: ChipSettings,
    charges: _Charges,
    bunch: npt.NDArray[np.int64],
    events: int,
    rng: np.random.Generator,
) -> CodeArray:
    top, left = full_scale(settings)
    phase = settings.top("phase_strobe")[:, None, None]
    fraction = pulse.shape(pulse.sample_time(phase, bunch), left[:, :, None])
    # past the onset of the TOT the preamplifier is discharged and the ADC grows no more
    taken = np.minimum(charges.injected, np.maximum(charges.tot, 0))
    signal = taken * truth.gain * (TOP_ADC + 1) / top[:, :, None]
    injected = charges.injected > 0
    equivalent = charges.injected.max(axis=2, keepdims=True) / pulse.CALIB_CHARGE["HighRange"]
    signal = np.where(injected, signal, CROSS_TALK * equivalent) * fraction
    width = np.where(truth.noisy, NOISY * truth.noise, truth.noise)
    mean = np.where(truth.dead, truth.pedestal, pedestals(truth, settings) + signal)
    width = np.where(truth.dead, 0, width)
    values = rng.standard_normal((events, *mean.shape), dtype=np.float32)
    values *= width.astype(np.float32)
    common = rng.standard_normal((events, *mean.shape[:2], 1), dtype=np.float32)
    values += common * np.where(truth.dead, 0, COMMON_NOISE).astype(np.float32)
    values += (mean + 0.5).astype(np.float32)  # cut off below, which rounds
    np.clip(values, 0, TOP_ADC, out=values)
    codes = values.astype(np.uint16)
    codes *= (_off(settings, "Channel_off") * _off(settings, "mask_adc")).astype(np.uint16)
    return codes


def _probability(charge: FloatArray, threshold: FloatArray, sigma: FloatArray) -> FloatArray:
    reduced = (threshold - charge) / (_ROOT_TWO * sigma)
    return np.reshape([0.5 * math.erfc(each) for each in reduced.ravel().tolist()], reduced.shape)


def _hits(chance: FloatArray, events: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.intp], BoolArray]:
    """Return which channels may fire, and for each event whether they do, shape (event, these)."""
    active = np.flatnonzero(chance > NEVER)
    wanted = chance.ravel()[active]
    fired = np.ones((events, len(active)), dtype=bool)
    unsure = wanted < 1 - NEVER
    if unsure.any():
        fired[:, unsure] = rng.random((events, int(unsure.sum())), dtype=np.float32) < wanted[unsure]
    return active, fired


def _measured(settings: ChipSettings, mask: str) -> npt.NDArray[np.int64]:
    able = _off(settings, "Channel_off") * _off(settings, mask) * _off(settings, "DIS_TDC")
    able[..., list(COMMON_MODE)] = 0
    return able


def _toa(
    truth: Truth, settings: ChipSettings, charges: _Charges, events: int, rng: np.random.Generator, seen: BoolArray
) -> CodeArray:
    charge = charges.injected * seen
    chance = _probability(charge, charges.toa, truth.toa_sigma) * _measured(settings, "mask_toa")
    chance = chance * (settings.half("GlobalAnalog", "ON_toa")[:, :, None] == 1) * ~truth.dead
    chance[truth.dead_tdc] = 0
    active, fired = _hits(chance, events, rng)
    codes = np.zeros((events, chance.size), dtype=np.uint16)
    if len(active):
        phase = np.broadcast_to(settings.top("phase_strobe")[:, None, None], chance.shape)
        time = truth.toa_offset + CODES_PER_PHASE * phase + truth.walk * pulse.time_walk(charge)
        time = time + truth.toa_swing * np.sin(2 * np.pi * time / 256 + truth.toa_start)
        values: FloatArray = rng.standard_normal((events, len(active)))
        values = values * truth.toa_jitter.ravel()[active] + time.ravel()[active]
        by_noise = charge.ravel()[active] == 0
        if by_noise.any():  # these come at any time
            values[:, by_noise] = rng.random((events, int(by_noise.sum()))) * TOA_CODES
        codes[:, active] = (np.floor(values + 0.5) % TOA_CODES) * fired
    return codes.reshape(events, *chance.shape)


def _tot(
    truth: Truth, settings: ChipSettings, charges: _Charges, events: int, rng: np.random.Generator, seen: BoolArray
) -> tuple[CodeArray, npt.NDArray[np.uint8]]:
    charge = charges.injected * seen
    chance = _probability(charge, charges.tot, truth.tot_sigma) * _measured(settings, "mask_tot")
    chance = chance * (settings.half("GlobalAnalog", "ON_tot")[:, :, None] == 1) * ~truth.dead
    active, fired = _hits(chance, events, rng)
    codes = np.zeros((events, chance.size), dtype=np.uint16)
    flags = np.zeros((events, chance.size), dtype=np.uint8)
    if len(active):
        bend = truth.tot_bend * np.exp(-np.maximum(charge - charges.tot, 0) / truth.tot_reach)
        mean = (truth.tot_slope * charge + truth.tot_offset - bend).ravel()[active]
        values = rng.standard_normal((events, len(active)), dtype=np.float32) * truth.tot_noise.ravel()[active]
        values = np.clip(np.floor(values + mean + 0.5), 1, TOP_TOT)
        stuck = np.repeat(truth.dead_tdc, 2 * TOTAL)[active]
        codes[:, active] = values * (fired & ~stuck)
        flags[:, active] = np.where(stuck, 1, 3) * fired
    shape = (events, *chance.shape)
    return codes.reshape(shape), flags.reshape(shape)
