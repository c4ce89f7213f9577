"""From exposure to the rows of the table: what `yields` computes, without files.

The same function makes the table of a run and the live table of the panel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kit.files import FormatError, resolve
from kit.mu2e import spectra
from kit.mu2e.beam import Exposure
from kit.mu2e.captures import muon_capture
from kit.mu2e.efficiencies import RUN_1430, Rates, read_efficiencies
from kit.mu2e.headroom import p_exhaust
from kit.mu2e.primaries import Pool
from kit.mu2e.processes import (
    Spectra,
    Thresholds,
    canonical,
    cosmic_seconds,
    expected,
    family,
    fixed_pions,
    fraction,
)
from kit.mu2e.table import Row
from kit.mu2e.yield_options import YieldParameters
from kit.parameters import refusal

__all__ = ["Calculation", "Inputs", "calculate", "inputs_of"]

MDS1_SAMPLED = 1148 / 1287106  # by which mds1 scales the generated events of weighted samples
RATES = {"ce": "muon_error", "dio": "muon_error", "rmc": "muon_error", "rpc": "pion_error", "ipa": "ipa_error"}


@dataclass(frozen=True)
class Inputs:
    """Tables, once read; the panel keeps them."""

    rates: Rates
    spectra: Spectra


@dataclass(frozen=True)
class Calculation:
    """Rows with the exposure that they belong to, and what is odd about them."""

    exposure: Exposure
    thresholds: Thresholds
    rows: tuple[Row, ...]
    warnings: list[str]

    @property
    def processes(self) -> list[str]:
        """The processes, in the order asked for."""
        return [row.process for row in self.rows]

    def told(self) -> dict[str, Any]:
        """Return the exposure under all its names."""
        e = self.exposure
        return {
            "wall_s": e.wall,
            "on_spill_s": e.on_spill,
            "pot": e.pot,
            "run_mode": e.mode,
            "pot_method": e.method,
        }


def inputs_of(p: YieldParameters) -> tuple[Inputs, list[str]]:
    """Read the tables that the parameters name, and return them with what is odd about them.

    Raises
    ------
    FormatError
        Naming file and line.
    """
    warnings: list[str] = []
    rates = Rates(RUN_1430, "run 1430, as published")
    if p.efficiencies:
        rates, warnings = read_efficiencies(resolve(p.efficiencies))
    paths = [resolve(name) if name else None for name in (p.dio_table, p.rpc_table, p.ipa_table)]
    for path in filter(None, paths):
        digest = spectra.read_table(path)[2]
        if digest not in spectra.KNOWN_TABLES:
            warnings.append(f"{path.name} is no public table known here (md5 {digest})")
    dio, rpc, ipa = spectra.dio(paths[0]), spectra.rpc(paths[1]), spectra.ipa(paths[2])
    return Inputs(rates, Spectra(dio, rpc, muon_capture(p.rmc_model, p.rmc_kmax), ipa)), warnings


def calculate(
    p: YieldParameters,
    inputs: Inputs,
    pools: Mapping[str, Pool],
    cosmics: float = 0.0,
    used: Mapping[tuple[str, str], int] | None = None,
) -> Calculation:
    """Return the rows of all processes asked for.

    Parameters
    ----------
    p, inputs
        Parameters, and the tables that they name.
    pools : mapping
        What there is of each process; those without count before selection only.
    cosmics : float
        Livetime of the cosmic files, in seconds.
    used : mapping, optional
        By file identity and tree, entries that earlier ensembles have used.

    Raises
    ------
    ParameterError
        If a threshold does not fit its spectrum, or a sample is of another part of the spectrum.
    """
    exposure = p.exposure(cosmics)
    thresholds = Thresholds(p.dio_emin, p.rpc_emin, p.rmc_emin, p.ipa_emin)
    faults: list[str] = []
    rows: list[Row] = []
    for process in map(canonical, p.processes):
        try:
            row = _before_selection(p, process, exposure, thresholds, inputs)
            rows.append(_after_selection(p, row, pools.get(process), used or {}))
        except FormatError:
            raise
        except ValueError as fault:
            faults.append(str(fault))
    if faults:
        where = "parameters"
        raise refusal(where, faults)
    means = [row.mean for row in rows if row.mean is not None]
    total = sum(means)
    if total > 0:
        rows = [row if row.mean is None else replace(row, weight=row.mean / total) for row in rows]
    return Calculation(exposure, thresholds, tuple(rows), _nothing_left(rows))


def _nothing_left(rows: list[Row]) -> list[str]:
    return [
        f"{row.process}: nothing of the spectrum lies above {row.threshold:g} MeV, so that none is expected"
        for row in rows
        if row.fraction == 0 and row.threshold is not None
    ]


def _before_selection(
    p: YieldParameters, process: str, exposure: Exposure, thresholds: Thresholds, inputs: Inputs
) -> Row:
    kind = family(process)
    if kind == "dio" and thresholds.dio < (lowest := inputs.spectra.dio.known_from):
        message = (
            f"dio_emin is {thresholds.dio:g} MeV, below {lowest:g} MeV where the polynomial ends: give dio_table"
        )
        raise ValueError(message)
    if kind == "dio" or (kind == "rpc" and p.compat != "mds1"):  # which has no threshold there
        _refuse_beyond(getattr(inputs.spectra, kind), f"{kind}_emin", thresholds.of(process) or 0.0)

    def number(integration: spectra.Integration) -> float:
        return expected(
            process, exposure, inputs.rates, inputs.spectra, thresholds,
            r_mue=p.r_mue, integration=integration, pion_chain=p.pion_chain, compat=p.compat,
        )  # fmt: skip

    n = cosmic_seconds(exposure, p.off_spill, p.compat) if kind == "cosmic" else number(p.integration)
    shift = None
    if kind in ("dio", "rpc", "rmc") and (bins := number("bins")) > 0:
        shift = number("integral") / bins - 1
    fixed = {"ce": "line at 104.97 MeV", "cosmic": "seconds of cosmic livetime"}
    source = fixed[kind] if kind in fixed else str(getattr(inputs.spectra, kind).source)
    rates = "constants of 2024" if _constant(p, kind) else inputs.rates.source
    return Row(
        process,
        f"{source}; {rates}" if kind != "cosmic" else source,
        exposure.on_spill,
        exposure.wall,
        exposure.pot,
        thresholds.of(process),
        fraction(process, inputs.spectra, thresholds, p.integration, p.compat),
        n,
        rate=_rate_error(p, kind, inputs.rates),
        syst=p.systematics.get(process),
        integral_shift=shift,
    )


def _refuse_beyond(spectrum: spectra.Points, name: str, threshold: float) -> None:
    """Refuse a threshold above all that a table tells of: nothing above it would be what the table lacks."""
    if threshold > spectrum.known_to + 1e-9:
        message = f"{name} is {threshold:g} MeV, but {spectrum.source} ends at {spectrum.known_to:g} MeV"
        raise ValueError(message)


def _constant(p: YieldParameters, kind: str) -> bool:
    return kind == "rpc" and fixed_pions(p.pion_chain, p.compat)


def _rate_error(p: YieldParameters, kind: str, rates: Rates) -> float | None:
    """Return the error of the stops from the rows that were used; of the constants of 2024 none is known."""
    if kind not in RATES or _constant(p, kind):
        return None
    return getattr(rates, RATES[kind]) or None


def _after_selection(p: YieldParameters, row: Row, pool: Pool | None, used: Mapping[tuple[str, str], int]) -> Row:
    """Return the row with what the sample adds: efficiency, expected events, errors, what is left of the pool."""
    if pool is None:
        return row
    _refuse_other_part(p, row, pool)
    reco, normaliser, left = float(pool.entries), pool.normaliser, float(pool.entries)
    left -= sum(used.get((source.identity, source.tree), 0) for source in pool.sources)
    if pool.weights:
        total, largest = pool.weights
        left *= total / largest / reco  # thinning keeps so many
        reco = total
        normaliser *= MDS1_SAMPLED if p.compat == "mds1" else 1.0
    efficiency = reco / normaliser
    mean = row.number * efficiency
    cosmic = family(row.process) == "cosmic"
    spread = 1.0 if cosmic else max(0.0, 1 - efficiency)
    return replace(
        row,
        normaliser=normaliser,
        reco=reco,
        efficiency=efficiency,
        mean=mean,
        stat=math.sqrt(spread / reco),
        available=left,
        headroom=left / mean if mean > 0 else None,
        p_exhaust=p_exhaust(left, mean),
        synthetic=pool.primary.synthetic,
    )


def _refuse_other_part(p: YieldParameters, row: Row, pool: Pool) -> None:
    """Refuse a sample of another part of the spectrum: it was normalised to another number."""
    of = pool.primary
    faults = []
    if row.threshold is not None and of.gen_emin is not None and of.gen_emin != row.threshold:
        name = f"{family(row.process)}_emin"
        faults.append(
            f"{name} is {row.threshold:g} MeV, but {row.process} was generated above {of.gen_emin:g} MeV"
        )
    if family(row.process) == "rmc" and of.kmax is not None and p.rmc_model == "closure" and of.kmax != p.rmc_kmax:
        faults.append(f"rmc_kmax is {p.rmc_kmax:g} MeV, but {row.process} was generated with {of.kmax:g} MeV")
    if faults:
        raise ValueError("\n".join(faults))
