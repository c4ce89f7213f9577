"""The pictures of each stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kit import figures
from kit.files import locate, read_json
from kit.opendata import catalogue_plots, comparison_plots, event_plots, histogram_plots, job_plots, mass_plots
from kit.opendata.bumpnet import read_histograms
from kit.opendata.captions import Caption, caption
from kit.opendata.catalogue import DEMO
from kit.opendata.catalogue_files import CATALOGUE
from kit.opendata.gathering import MASSES, STAGE, gather
from kit.opendata.histograms import REPORT
from kit.opendata.massfile import read_masses
from kit.opendata.merging import merge_masses
from kit.parameters import Parameters
from kit.run import FinishedRun, Run, complete_below

__all__ = ["catalogue_figures", "events_figures", "histograms_figures", "masses_figures"]

OBJECTS, CUTFLOW = "objects.json", "cutflow.json"
WHEN = re.compile(r"_\d{8}_\d{6}(?:_\d+)?$")  # date and time of a run

AnyRun = Run | FinishedRun


def catalogue_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of catalogue."""
    content = read_json(run.directory / CATALOGUE)
    above = Caption("Demo", "generated events") if content["server"] == DEMO else Caption("Open Data", "")
    return {
        "datasets": catalogue_plots.files_by_dataset(content, above),
        "states": catalogue_plots.states(content, above),
    }


def events_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of events."""
    objects = read_json(run.directory / OBJECTS)
    steps = read_json(run.directory / CUTFLOW)["steps"]
    above = caption(objects["schemas"], kinds=objects.get("kinds", ()), generated=objects["generated"])
    return {
        **{name: event_plots.distributions(objects, name, above) for name in event_plots.AXES},
        "final_states": mass_plots.final_states(objects["final_states"], above),
        "cutflow": mass_plots.cutflow({step["step"]: step["events"] for step in steps}, above),
    }


def masses_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of masses, or of all finished points of a batch run."""
    path = run.directory / MASSES
    results = [read_masses(path)] if path.is_file() else gather([str(run.directory)]).results
    merged = merge_masses(results, accept_partial=True)
    above = caption(merged.schemas, kinds=merged.kinds, luminosity=merged.luminosity, generated=merged.generated)
    return {
        "four_leptons": mass_plots.four_leptons(merged.spectra, above),
        "lepton_pairs": mass_plots.lepton_pairs(merged.spectra, above),
        "spectra": mass_plots.panels(merged.spectra, above),
        "sizes": mass_plots.sizes(merged.spectra, above),
        "final_states": mass_plots.final_states(merged.spectra.events, above),
        "cutflow": mass_plots.cutflow(merged.cutflow, above),
        "effort": job_plots.effort(_summaries(run), above),
    }


def _summaries(run: AnyRun) -> list[Mapping[str, Any]]:
    """Return the summary of a run, or of all points of a batch run."""
    if (run.directory / MASSES).is_file() and run.summary:
        return [run.summary]
    return [each.summary for each in complete_below(run.directory) if each.stage == STAGE]


def histograms_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of histograms."""
    report = read_json(run.directory / REPORT)
    stem = str(_values(run)["file_name"]).removesuffix(".root")
    names = {"before": f"{stem}_before.root", "main": f"{stem}.root", "outliers": f"{stem}_outliers.root"}
    wanted = {pair["name"] for pair in histogram_plots.first_pairs(report)}
    held = {part: {h.name: h for h in read_histograms(run.directory / n, wanted)} for part, n in names.items()}
    about = {name: report[name] for name in ("kinds", "luminosity", "generated", "style") if name in report}
    above = caption(report["schemas"], **about)
    return {
        "spectra": histogram_plots.spectra(report, held, above),
        "acceptance": histogram_plots.acceptance(report, above),
        "verdicts": histogram_plots.verdicts(report, above),
        "shares": histogram_plots.shares(report, above),
        "final_states": mass_plots.final_states(report["final_states"], above, kept_from=report["min_events"]),
        **_comparisons(_values(run), report, above),
    }


def _comparisons(
    values: Mapping[str, Any], report: Mapping[str, Any], above: Caption
) -> dict[str, figures.Picture]:
    """Return the pictures of data over simulation, of the first pairs; none where there is none to compare."""
    if not values.get("compare"):
        return {}
    data = merge_masses(gather(values["inputs"]).results, accept_partial=True).spectra
    paths = locate(values["compare"])
    merged = [merge_masses(gather([path]).results, accept_partial=True) for path in paths]
    simulations = {name: one.spectra for name, one in zip(_names(paths), merged, strict=True)}
    luminosities = {one.luminosity for one in merged}
    over = replace(above, luminosity=luminosities.pop() if len(luminosities) == 1 else None)
    pairs = [(pair["final_state"], pair["combination"]) for pair in histogram_plots.first_pairs(report)]
    return {
        f"comparison_{number}": comparison_plots.data_over_simulation(data, simulations, pair, over)
        for number, pair in enumerate(pairs, 1)
    }


def _names(paths: Sequence[str]) -> list[str]:
    """Return how a legend calls runs: by their labels, without the time, where these tell them apart."""
    names = [Path(path).name for path in paths]
    labels = [WHEN.sub("", name) for name in names]
    return labels if len(set(labels)) == len(labels) else names


def _values(run: AnyRun) -> Mapping[str, Any]:
    """Return the parameters of a run, live or read back."""
    return run.parameters.model_dump() if isinstance(run.parameters, Parameters) else run.parameters
