"""The parameters of the stage, in the groups that its rooms read: clusters, amplifier, tables, digitisation."""

from __future__ import annotations

import re
from typing import Literal

from kit.parameters import Parameters, parameter

__all__ = ["AmplifierParameters", "ClusterParameters", "DigitisationParameters", "TableParameters"]


class ClusterParameters(Parameters):
    """Which clusters are read, and what is expected of them."""

    clusters: list[str] = parameter(["demo"], "PixelAV files: paths, patterns, root:// addresses", min_length=1)
    rows: int = parameter(0, "rows of the array, 0 takes them from the first slice", ge=0, le=1024)
    columns: int = parameter(0, "columns of the array, 0 takes them from the first slice", ge=0, le=1024)
    slices: int = parameter(0, "time slices of a cluster, 0 takes them from the first cluster", ge=0, le=100_000)
    input_step: float = parameter(0.0, "time between slices, 0 takes it from their tags", unit="ps", ge=0, le=1000)
    resample: Literal["refuse", "linear"] = parameter(
        "refuse", "what to do with slices that are not kernel_step apart: refuse, or draw lines between them"
    )
    pitch_x: float = parameter(0.0, "pitch of the columns, 0 takes it from the header or 50", unit="um", ge=0)
    pitch_y: float = parameter(0.0, "pitch of the rows, 0 takes it from the header or 12.5", unit="um", ge=0)
    thickness: float = parameter(0.0, "of the sensor, 0 takes it from the header or 100", unit="um", ge=0)
    first: int = parameter(0, "number of the first cluster taken from each file", ge=0)
    clusters_max: int = parameter(0, "how many clusters to take from each file, 0 takes all", ge=0)
    compat: bool = parameter(False, "take in addition what the original takes, with a warning for each")
    keep_good: bool = parameter(False, "leave damaged clusters out and list them, instead of refusing the file")

    def cluster_faults(self) -> list[str]:
        """Return what cannot be used together."""
        return ["slices is 1, should be 0 or 2 and more"] if self.slices == 1 else []


class AmplifierParameters(Parameters):
    """What turns charge into voltage."""

    pulses: str = parameter("demo", "CSV file of measured pulse responses; not read for an analytic response")
    response: Literal["measured", "simple", "krummenacher"] = parameter(
        "measured", "responses as measured, or an analytic amplifier"
    )
    kernel_step: int = parameter(10, "grid of templates and convolution", unit="ps", ge=1, le=200)
    window: float = parameter(6.0, "length of the output", unit="ns", gt=0)
    output_step: int = parameter(200, "time between output slices", unit="ps", ge=1)
    pulse_start: float = parameter(50.0, "time of the injection in the CSV file", unit="ns", ge=0)
    pulse_end: float = parameter(375.0, "end of the response in the CSV file", unit="ns", gt=0)
    kernel_origin: Literal["first_sample", "pulse_start"] = parameter(
        "first_sample", "where a template begins: at its first sample after pulse_start, or exactly there"
    )
    charge_pattern: str = parameter(
        "", "regular expression with a group for the charge; empty takes the 7th token"
    )
    charges: list[float] = parameter([], "injected charges in the order of the columns, instead of the header's")
    charge_unit: Literal["e", "fC", "C"] = parameter("e", "unit of the injected charges")
    response_unit: Literal["V/C", "V/fC", "V/e", "V"] = parameter("V/C", "unit of the responses")
    bad_pulses: Literal["refuse", "drop"] = parameter(
        "refuse", "what to do with a response that cannot be used: refuse the file, or drop it with its charge"
    )
    template_by: Literal["final", "peak"] = parameter("final", "which charge of a pixel chooses its template")
    t0_fix: bool = parameter(False, "count the charge from t of 0 on, as it was simulated")
    feedback_capacitance: float = parameter(2.739, "of an analytic amplifier", unit="fF", gt=0)
    rise_time: float = parameter(2.9, "of the simple amplifier", unit="ns", gt=0)
    fall_time: float = parameter(1000.0, "of the simple amplifier", unit="ns", gt=0)
    krummenacher_current: float = parameter(20.0, "of the krummenacher amplifier", unit="nA", gt=0)
    input_capacitance: float = parameter(100.0, "at the krummenacher amplifier's input", unit="fF", gt=0)
    output_capacitance: float = parameter(20.0, "at the krummenacher amplifier's output", unit="fF", gt=0)
    transconductance: float = parameter(50.0, "of the krummenacher amplifier", unit="uS", gt=0)
    weak_inversion_slope: float = parameter(1.5, "of the krummenacher amplifier", gt=0)
    temperature: float = parameter(293.15, "of the krummenacher amplifier", unit="K", gt=0)

    def amplifier_faults(self) -> list[str]:
        """Return what cannot be used together."""
        faults = []
        if self.output_step % self.kernel_step:
            faults.append(
                f"output_step is {self.output_step} ps, not a multiple of kernel_step, {self.kernel_step} ps"
            )
        if not is_multiple(self.window, self.output_step):
            faults.append(f"window is {self.window} ns, not a multiple of output_step, {self.output_step} ps")
        if self.pulse_end <= self.pulse_start:
            faults.append(f"pulse_end is {self.pulse_end} ns, not after pulse_start, {self.pulse_start} ns")
        if any(charge <= 0 for charge in self.charges):
            faults.append(f"charges has {min(self.charges)} {self.charge_unit}, not above 0")
        return faults + _pattern_faults(self.charge_pattern)

    @property
    def output_steps(self) -> int:
        """Number of output slices."""
        return round(self.window * 1000) // self.output_step + 1

    @property
    def ratio(self) -> int:
        """Steps of the kernel in a step of the output."""
        return self.output_step // self.kernel_step


class TableParameters(Parameters):
    """What is written, and how."""

    formats: list[Literal["text", "parquet", "part", "adc"]] = parameter(
        ["text"], "text as PixelAV writes it, tables for machine learning, one table of all, codes", min_length=1
    )
    compression: int = parameter(1, "gzip level of the text; 0 plain, 1 and 2 fast, 6 small", ge=0, le=9)
    parquet_layout: Literal["wide", "list"] = parameter("wide", "a column for each number, or one of lists")
    parquet_type: Literal["float64", "float32", "int16"] = parameter(
        "float64", "type of the tables' numbers; int16 counts tenths"
    )
    round_tables: bool = parameter(True, "voltages in tables rounded to 0.1 mV, as in the text")
    quantity: Literal["voltage", "charge"] = parameter("voltage", "what the tables hold")
    select: Literal["unflipped", "all", "flipped"] = parameter(
        "unflipped", "which clusters go into tables; the text has all"
    )
    edge_threshold: float = parameter(1.0, "charge above which a pixel at the edge counts", unit="e-", ge=0)

    def table_faults(self) -> list[str]:
        """Return what cannot be used together."""
        if self.parquet_type != "int16":
            return []
        faults = []
        if self.quantity == "charge":
            faults.append("parquet_type is int16, which holds tenths of mV; choose float32 for quantity charge")
        if not self.round_tables:
            faults.append("parquet_type is int16, which rounds to 0.1 mV; round_tables is false")
        return faults


class DigitisationParameters(Parameters):
    """What a pixel makes of the voltage."""

    noise: bool = parameter(False, "add noise before digitising")
    enc: float = parameter(80.0, "equivalent noise charge, RMS", unit="e-", ge=0)
    gain: float = parameter(58.0, "that turns noise charge into voltage", unit="uV/e-", gt=0)
    bandwidth: float = parameter(55.0, "of the noise", unit="MHz", gt=0)
    seed: int = parameter(1, "of the noise", ge=0)
    sample_times: list[float] = parameter([2.0, 5.0], "when the voltage is digitised", unit="ns", min_length=1)
    thresholds: list[float] = parameter(
        [13.001228, 21.901985, 57.13501], "of the flash ADC, increasing", unit="mV", min_length=1
    )
    levels: list[int] = parameter([0, 1, 2, 3], "codes below, between and above the thresholds")
    adc_input: Literal["exact", "rounded"] = parameter("exact", "digitise the voltage itself, or as printed")
    delay_table: str = parameter("", "CSV file of comparator delays; empty for none")
    delay_window: float = parameter(12.5, "time within which a threshold must fire", unit="ns", gt=0)
    delay_shift: float = parameter(0.0, "shift of the sample times with delays", unit="ns")
    crossing: Literal["sample", "interpolated"] = parameter(
        "sample", "a threshold is crossed at a sample, or between two"
    )

    def digitisation_faults(self) -> list[str]:
        """Return what cannot be used together."""
        faults = []
        if any(low >= high for low, high in zip(self.thresholds, self.thresholds[1:], strict=False)):
            faults.append(f"thresholds are {self.thresholds} mV, should increase")
        if len(self.levels) != len(self.thresholds) + 1:
            faults.append(
                f"levels has {len(self.levels)} codes for {len(self.thresholds)} thresholds, should have one more"
            )
        if any(not 0 <= level <= 255 for level in self.levels):
            faults.append(f"levels are {self.levels}, should be codes of 0 to 255")
        return faults


def is_multiple(time: float, step: int) -> bool:
    """Tell whether a time in ns is a multiple of a step in ps."""
    whole = time * 1000
    return abs(whole - round(whole)) < 1e-6 and round(whole) % step == 0


def _pattern_faults(pattern: str) -> list[str]:
    try:
        groups = re.compile(pattern).groups
    except re.error as fault:
        return [f"charge_pattern {pattern!r} is no regular expression: {fault}"]
    if pattern and groups != 1:
        return [f"charge_pattern {pattern!r} has {groups} groups, should have one, around the charge"]
    return []
