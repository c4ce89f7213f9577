"""The stage `yields`: an exposure in, the expected number of events of every process out.

N counts events before selection. With a catalogue of primaries, μ counts those of them that a sample of
reconstructed events holds, and the table tells how long the simulated events last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kit.files import resolve, write_json
from kit.mu2e.calculation import Calculation, calculate, inputs_of
from kit.mu2e.catalogue import Primary, read_catalogue
from kit.mu2e.config_texts import config_text
from kit.mu2e.configs import read_config
from kit.mu2e.demo import with_demo
from kit.mu2e.headroom import RISK, longest
from kit.mu2e.ledger import used_entries
from kit.mu2e.momenta import Momenta, expected_momenta, histogram, missing_text
from kit.mu2e.primaries import Pool, measure, suspicious_livetimes
from kit.mu2e.processes import COSMICS, Spectra, canonical
from kit.mu2e.table import Yields, csv_text
from kit.mu2e.yield_options import T_MIN, YieldParameters, with_config
from kit.parameters import refusal
from kit.run import Run

__all__ = ["RECORD", "SPECTRUM", "TABLE", "YieldParameters", "count_yields", "effective"]

TABLE, RECORD, SPECTRUM = "yields.csv", "yields.json", "spectrum.json"


def count_yields(p: YieldParameters, run: Run) -> dict[str, Any]:
    """Count the expected events of each process, write ``yields.csv`` and ``yields.json`` and return the summary.

    Raises
    ------
    ParameterError
        If values do not fit together.
    FormatError
        Naming file and spot of everything in tables, catalogue and primaries that cannot be used.
    """
    p, told = effective(p)
    for text in told:
        run.notice(text)
    for path in (p.config, p.efficiencies, p.dio_table, p.rpc_table, p.ipa_table):
        if path:
            run.read(str(resolve(path)))
    inputs, warnings = inputs_of(p)
    primaries = _catalogue(p)
    pools = _pools(p, primaries, run)
    for text in warnings + _cosmic_warnings(pools):
        run.notice(text)
    cosmics = next((pools[name].normaliser for name in COSMICS if name in pools), 0.0)
    used = used_entries(resolve(p.ledger), [source.identity for pool in pools.values() for source in pool.sources])
    made = calculate(p, inputs, pools, cosmics, used)
    for text in made.warnings:
        run.notice(text)
    catalogue = {name: primaries[name] for name in made.processes if name in primaries}
    record = Yields(p.model_dump(), catalogue, made.rows, made.told())
    with run.writing(TABLE) as part:
        part.write_text(csv_text(made.rows), encoding="utf-8")
    with run.writing(RECORD) as part:
        write_json(part, record.plain())
    spectrum = _spectrum(made, inputs.spectra, pools)
    if missing := missing_text(spectrum):
        run.notice(f"spectrum: {missing}; momentum in the catalogue names it")
    livetimes = {name: pools[name].normalisers for name in COSMICS if name in pools and pools[name].normalisers}
    with run.writing(SPECTRUM) as part:
        write_json(part, asdict(spectrum) | {"livetimes": livetimes})
    if p.write_config != "none":
        with run.writing(f"{p.tag}.txt") as part:
            part.write_text(config_text(p, made, inputs), encoding="utf-8")
    return _summary(p, made, inputs.rates.muon_stops)


def effective(p: YieldParameters) -> tuple[YieldParameters, list[str]]:
    """Return the parameters with those of the config file below them, and what is to be told about it."""
    told: list[str] = []
    if p.config:
        path = resolve(p.config)
        config = read_config(path)
        p, told = with_config(p, config, path)
        if config.unknown:
            told.append(f"{path.name}: keys of no meaning here, kept as they are: {', '.join(config.unknown)}")
    if p.t_min != T_MIN:
        told.append(
            f"t_min is {p.t_min:g} ns: it is recorded and changes nothing, the cut is part of the pion filter"
        )
    return p, told


def _catalogue(p: YieldParameters) -> dict[str, Primary]:
    if not p.primaries:
        return {}
    found = read_catalogue(resolve(with_demo(p.primaries)))
    wanted = [canonical(name) for name in p.processes]
    if missing := [name for name in wanted if name not in found]:
        raise refusal(
            p.primaries, [f"primaries has no entry for {name}: leave it out of processes" for name in missing]
        )
    return found


def _pools(p: YieldParameters, primaries: dict[str, Primary], run: Run) -> dict[str, Pool]:
    wanted = [canonical(name) for name in p.processes]
    if p.from_cosmics and not any(name in primaries for name in COSMICS):
        raise refusal(p.primaries, [f"from_cosmics: primaries has no entry for {' or '.join(COSMICS)}"])
    names = [name for name in primaries if name in wanted or (p.from_cosmics and name in COSMICS)]
    pools, faults = {}, []
    for name in run.progress(names, "primary"):
        try:
            pools[name] = measure(primaries[name])
        except ValueError as fault:
            faults.append(fault)
    if faults:
        raise type(faults[0])("\n".join(map(str, faults)))
    for pool in pools.values():
        for path in dict.fromkeys(source.path for source in pool.sources):
            run.read(path)
    return pools


def _cosmic_warnings(pools: dict[str, Pool]) -> list[str]:
    """Return what is odd about cosmics: livetimes, and two samples of the same ones."""
    here = [name for name in COSMICS if name in pools]
    twice = [f"{' and '.join(here)} are samples of the same cosmics, which count twice"] if len(here) > 1 else []
    return twice + [
        f"{name}: {text}"
        for name in here
        for text in suspicious_livetimes(pools[name].normalisers or (pools[name].normaliser,))
    ]


def _spectrum(made: Calculation, spectra: Spectra, pools: Mapping[str, Pool]) -> Momenta:
    """Return expected events in bins of momentum."""
    shapes = {name: histogram(pool.sources, pool.primary.momentum) for name, pool in pools.items()}
    found = {name: shape for name, shape in shapes.items() if shape is not None}
    return expected_momenta(made.rows, spectra, found)


def _summary(p: YieldParameters, made: Calculation, muon_stops: float) -> dict[str, Any]:
    rows = made.rows
    summary: dict[str, Any] = {
        "wall_s": made.exposure.wall,
        "on_spill_s": made.exposure.on_spill,
        "pot": made.exposure.pot,
        "stopped_muons": made.exposure.pot * muon_stops,
        "compat": p.compat,
        "before_selection": {row.process: row.number for row in rows},
    }
    known = [row for row in rows if row.mean is not None]
    if known:
        means = {row.process: row.mean or 0.0 for row in known}
        factor, limiting = longest({row.process: row.available or 0.0 for row in known}, means)
        longest_run = made.exposure.scaled(factor) if limiting else None
        summary |= {
            "expected": means,
            "expected_total": sum(means.values()),
            "livetime_max_wall_s": longest_run.wall if longest_run else None,
            "livetime_max_on_spill_s": longest_run.on_spill if longest_run else None,
            "limited_by": limiting,
            "risk": RISK,
            "synthetic": [row.process for row in known if row.synthetic],
        }
    return summary
