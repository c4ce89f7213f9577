"""What the panel of yields shows for any values, quickly: tables and pools are read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import resolve
from kit.mu2e.beam import MODES
from kit.mu2e.calculation import Calculation, Inputs, calculate, inputs_of
from kit.mu2e.captures import muon_capture
from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.demo import with_demo
from kit.mu2e.headroom import longest
from kit.mu2e.ledger import used_entries
from kit.mu2e.momenta import Momenta, expected_momenta, histogram, missing_text
from kit.mu2e.primaries import Pool, measure
from kit.mu2e.processes import COSMICS, canonical, family, rate_for
from kit.mu2e.table import Yields
from kit.mu2e.yield_options import YieldParameters
from kit.mu2e.yield_plots import draw_headroom, draw_momenta

__all__ = [
    "YieldView", "YieldWorkshop", "bars_caption", "draw_bars", "draw_spectrum", "other_convention",
    "spectrum_caption",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class YieldView:
    """The numbers behind the pictures."""

    made: Yields
    spectrum: Momenta
    factor: int
    words: str


class YieldWorkshop:
    """Reads what parameters name once, and makes a view for each set of values.

    Parameters
    ----------
    p : YieldParameters
        Names tables, catalogue and ledger.
    """

    def __init__(self, p: YieldParameters) -> None:
        self.inputs, _ = inputs_of(p)
        catalogue = read_catalogue(resolve(with_demo(p.primaries))) if p.primaries else {}
        self.pools: dict[str, Pool] = {name: measure(primary) for name, primary in catalogue.items()}
        shapes = {name: histogram(pool.sources, pool.primary.momentum) for name, pool in self.pools.items()}
        self.shapes = {name: shape for name, shape in shapes.items() if shape is not None}
        sources = [source.identity for pool in self.pools.values() for source in pool.sources]
        self.used = used_entries(resolve(p.ledger), sources)
        self.cosmics = next((self.pools[name].normaliser for name in COSMICS if name in self.pools), 0.0)

    def view(self, p: YieldParameters, factor: int = 4) -> YieldView:
        """Return what there is to see with these values.

        A sample that was generated above another threshold counts before selection only, and that is said.
        """
        spectra = replace(self.inputs.spectra, rmc=muon_capture(p.rmc_model, p.rmc_kmax))
        inputs = Inputs(self.inputs.rates, spectra)
        fitting = {name: pool for name, pool in self.pools.items() if _fits(p, pool)}
        made = calculate(p, inputs, fitting, self.cosmics, self.used)
        shapes = {name: shape for name, shape in self.shapes.items() if name in fitting}
        spectrum = expected_momenta(
            [row for row in made.rows if row.mean is not None or not fitting], spectra, shapes
        )
        others = [name for name in map(canonical, p.processes) if name in self.pools and name not in fitting]
        table = Yields(p.model_dump(), {}, made.rows, made.told())
        return YieldView(table, spectrum, factor, _words(made, inputs, others))

    def rate_for(self, p: YieldParameters, conversions: float) -> float:
        """Return the conversion rate that so many conversions before selection mean in this exposure."""
        return rate_for(conversions, p.exposure(self.cosmics).pot, self.inputs.rates)


def other_convention(p: YieldParameters) -> dict[str, float]:
    """Return the same exposure in the other convention: wall time for on-spill time, and the other way round."""
    duty = MODES[p.run_mode].duty
    if p.livetime_wall:
        return {"livetime_wall": 0.0, "livetime_on_spill": p.livetime_wall * duty}
    return {"livetime_wall": p.exposure().wall, "livetime_on_spill": 0.0, "pot": 0.0}


def _fits(p: YieldParameters, pool: Pool) -> bool:
    """Tell whether a sample is of the part of the spectrum that is asked for."""
    of, kind = pool.primary, family(pool.primary.process)
    threshold: float | None = getattr(p, f"{kind}_emin", None)
    same = of.gen_emin is None or threshold is None or of.gen_emin == threshold
    return same and (kind != "rmc" or of.kmax is None or p.rmc_model != "closure" or of.kmax == p.rmc_kmax)


def _words(made: Calculation, inputs: Inputs, others: list[str]) -> str:
    e = made.exposure
    stops = e.pot * inputs.rates.muon_stops
    times = f"{e.on_spill:.6g} s on spill, {e.wall:.6g} s wall"
    lines = [f"{e.mode}: {times}, {e.pot:.4g} protons on target, {stops:.4g} stopped muons"]
    known: Mapping[str, float] = {row.process: row.mean for row in made.rows if row.mean is not None}
    if known:
        available = {row.process: row.available or 0.0 for row in made.rows if row.mean is not None}
        factor, limiting = longest(available, known)
        if limiting:
            most = e.scaled(factor)
            times = f"{most.on_spill:.5g} s on spill, {most.wall:.5g} s wall"
            lines.append(f"the simulated events last for {times}: {limiting} limits")
    if others:
        lines.append(
            f"before selection only, since samples are of another part of the spectrum: {', '.join(others)}"
        )
    return "\n".join([*lines, *made.warnings])


def draw_spectrum(axes: Any, view: YieldView) -> None:
    """Draw the momenta of expected events."""
    draw_momenta(axes, view.spectrum, view.factor)


def spectrum_caption(view: YieldView) -> str:
    """Return the spectrum in words."""
    total = float(sum(counts.sum() for counts in view.spectrum.counts.values()))
    kind = "in the sample" if view.spectrum.measured else "before selection"
    hatched = "; hatched: simulated stand-ins" if view.spectrum.synthetic else ""
    missing = f"; {text}" if (text := missing_text(view.spectrum)) else ""
    return f"{total:.4g} events expected between 50 and 150 MeV {kind}{hatched}{missing}"


def draw_bars(axes: Any, view: YieldView) -> None:
    """Draw for each process how long its simulated events last."""
    draw_headroom(axes, view.made.rows)


def bars_caption(view: YieldView) -> str:
    """Return in words which process has too few simulated events."""
    short = [row.process for row in view.made.rows if row.headroom is not None and row.headroom < 1]
    return f"too few simulated events: {', '.join(short)}" if short else "no process has too few simulated events"
