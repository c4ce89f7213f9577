"""Pictures of an ensemble: drawn against expected, by momentum and by subrun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import COLOURS
from kit.mu2e.momenta import Momenta, coarser
from kit.mu2e.pulls import Comparison
from kit.mu2e.standins import LABEL
from kit.mu2e.yield_plots import LOOKS, amount, draw_momenta, note_standins, show_legend

__all__ = [
    "alone",
    "counts",
    "draw_alone",
    "draw_counts",
    "draw_pulls",
    "draw_spectra",
    "nothing",
    "pulls",
    "spectra",
    "title_of",
    "toys",
]

FloatArray = npt.NDArray[np.float64]


def draw_spectra(top: Any, bottom: Any, expected: Momenta, drawn: FloatArray, factor: int = 4) -> None:
    """Draw expected events as a stack, drawn ones as points, and their ratio below.

    Parameters
    ----------
    top, bottom : Axes
        Empty axes.
    expected : Momenta
        What is expected.
    drawn : ndarray, shape (n,)
        Events drawn, in the bins of `expected`.
    factor : int
        How many bins make one.
    """
    draw_momenta(top, expected, factor)
    total = coarser(np.sum(list(expected.counts.values()), axis=0), factor)
    points = coarser(drawn, factor)
    edges = expected.edges[::factor]
    middles = (edges[1:] + edges[:-1]) / 2
    some = points > 0
    look = {"fmt": "o", "color": "black", "markersize": 3.5, "linewidth": 1}
    top.errorbar(
        middles[some], points[some], np.sqrt(points[some]), label=f"drawn: {amount(points.sum())}", **look
    )
    show_legend(top, edges)
    top.set_xlabel("")
    known = total > 0
    ratio, error = points[known] / total[known], np.sqrt(np.maximum(points[known], 1)) / total[known]
    bottom.errorbar(middles[known], ratio, error, **look)
    bottom.axhline(1, color="black", linestyle="--", linewidth=1)
    bottom.set_ylim(0, 2)
    bottom.set_xlim(edges[0], edges[-1])
    bottom.set_xlabel("momentum [MeV]")
    bottom.set_ylabel("drawn / expected")


def spectra(expected: Momenta, drawn: FloatArray, title: str) -> figures.Picture:
    """Return the spectrum of expected and drawn events, with their ratio."""
    with figures.style():
        picture, every = figures.grid(2, 1, size=(8, 6.4), sharex=True, height_ratios=[3, 1])
        top, bottom = every[:, 0]
        draw_spectra(top, bottom, expected, drawn)
        note_standins(top, expected.synthetic)
        top.set_title(title, loc="right", size=9, pad=16)
        return picture


def draw_pulls(axes: Any, found: Comparison, synthetic: Sequence[str] = ()) -> None:
    """Draw the pulls of all jobs and processes, with what they say together."""
    pulls = found.pulls
    limit = max(3.0, float(np.ceil(np.abs(np.where(np.isfinite(pulls), pulls, 0)).max(initial=0))))
    image = axes.imshow(pulls.T, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(found.processes)), [_look(name, 0, synthetic)[0] for name in found.processes])
    jobs = len(pulls)
    axes.set_xticks(np.unique(np.linspace(0, jobs - 1, min(jobs, 11)).astype(int)))
    axes.tick_params(which="minor", bottom=False, top=False, left=False, right=False)
    axes.set_xlabel("subrun")
    axes.figure.colorbar(image, ax=axes, label="pull [standard deviations]")
    words = f"$\\chi^2$ = {found.chi2:.1f} for {found.degrees}, p = {found.p_value:.3f}"
    axes.set_title(words, loc="left", size=10)
    if pulls.size <= 120:
        for job in range(jobs):
            for place in range(len(found.processes)):
                dark = abs(pulls[job, place]) > 0.6 * limit
                axes.text(
                    job, place, f"{pulls[job, place]:.1f}", ha="center", va="center", size=8,
                    color="white" if dark else "black",
                )  # fmt: skip


def _look(name: str, place: int, synthetic: Sequence[str]) -> tuple[str, str]:
    """Return the words and colour of a process, a star behind the words of stand-ins."""
    text, colour = LOOKS.get(name, (name, COLOURS[place % len(COLOURS)]))
    return text + (" *" if name in synthetic else ""), colour


def pulls(found: Comparison, synthetic: Sequence[str] = ()) -> figures.Picture:
    """Return the pulls of all jobs and processes."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 0.4 * len(found.processes) + 1.8))
        draw_pulls(axes, found, synthetic)
        _star(axes, synthetic)
        return picture


def _star(axes: Any, synthetic: Sequence[str]) -> None:
    """Say what the star means, where there is one."""
    if synthetic:
        axes.set_title(f"* {LABEL}", loc="right", size=9)


def draw_counts(axes: Any, found: Comparison, synthetic: Sequence[str] = ()) -> None:
    """Draw the drawn events of each subrun as points, over bands of what is expected."""
    jobs = np.arange(len(found.drawn))
    for place, name in enumerate(found.processes):
        text, colour = _look(name, place, synthetic)
        mean = found.expected[:, place]
        low, high = np.maximum(mean - np.sqrt(mean), 1e-3), mean + np.sqrt(mean)
        edges = np.append(jobs - 0.5, jobs[-1] + 0.5)
        axes.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.3)
        shift = 0.7 * ((place + 0.5) / len(found.processes) - 0.5)  # points of equal height stand side by side
        marker = "osD^vP*X<"[place % 9]
        axes.plot(
            jobs + shift,
            found.drawn[:, place],
            linestyle="none",
            marker=marker,
            markersize=5,
            color=colour,
            label=text,
        )
    axes.set_yscale("log")
    some = found.drawn[found.drawn > 0]
    least = float(some.min()) if len(some) else 1.0
    axes.set_ylim(max(0.5, 0.4 * least), float(found.drawn.max(initial=1)) * 12)
    axes.set_xlim(-0.6, len(jobs) - 0.4)
    axes.set_xticks(np.unique(np.linspace(0, len(jobs) - 1, min(len(jobs), 11)).astype(int)))
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    axes.set_xlabel("subrun")
    axes.set_ylabel("Events")
    axes.legend(
        ncols=3, loc="upper right", fontsize=9, title="points: drawn; bands: expected ± 1 σ", title_fontsize=9
    )


def counts(found: Comparison, synthetic: Sequence[str] = ()) -> figures.Picture:
    """Return the drawn events of each subrun and process."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 4.6))
        draw_counts(axes, found, synthetic)
        _star(axes, synthetic)
        return picture


def toys(
    counts_: npt.NDArray[np.int64], processes: Sequence[str], edges: FloatArray, synthetic: Sequence[str] = ()
) -> figures.Picture:
    """Return the median and the central 68 % of toys in each bin."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 4.6))
        total = counts_.sum(axis=1)
        factor = max(1, total.shape[1] // 80)
        bins = total.shape[1] // factor * factor
        joined = total[:, :bins].reshape(len(total), -1, factor).sum(axis=2)
        low, middle, high = np.quantile(joined, [0.16, 0.5, 0.84], axis=0)
        shown = edges[: bins + 1 : factor]
        axes.stairs(high, shown, baseline=low, fill=True, color=COLOURS[0], alpha=0.4, label="central 68 %")
        axes.stairs(middle, shown, color=COLOURS[2], label=f"median of {len(total)} toys")
        axes.set_xlim(shown[0], shown[-1])
        axes.set_ylim(0, float(high.max(initial=1)) * 1.3)
        axes.set_xlabel("momentum [MeV]")
        axes.set_ylabel(f"Events / {shown[1] - shown[0]:g} MeV")
        axes.legend(title=f"{len(processes)} process{'' if len(processes) == 1 else 'es'}")
        note_standins(axes, synthetic, "contains")
        return picture


def title_of(summary: Mapping[str, Any]) -> str:
    """Return an ensemble in words: exposure, rate, mode."""
    times = f"{amount(summary['on_spill_s'])} s on spill, {amount(summary['wall_s'])} s wall"
    rate = "" if "r_mue" not in summary else f", conversion rate {summary['r_mue']:g}"
    return f"ensemble {summary['ensemble']}: {times}{rate}"


def draw_alone(axes: Any, drawn: FloatArray, edges: FloatArray, word: str, factor: int = 4) -> None:
    """Draw what was drawn, and nothing that tells of what."""
    counts_, shown = coarser(drawn, factor), edges[::factor]
    axes.stairs(counts_, shown, fill=True, color=COLOURS[3], label=f"{word}: {amount(counts_.sum())} events")
    axes.set_yscale("log")
    axes.set_ylim(0.5, float(counts_.max(initial=1)) * 5)
    axes.set_xlim(shown[0], shown[-1])
    axes.set_xlabel("momentum [MeV]")
    axes.set_ylabel(f"Events / {shown[1] - shown[0]:g} MeV")
    show_legend(axes, shown)


def alone(
    drawn: FloatArray, edges: FloatArray, title: str, word: str, synthetic: Sequence[str] = ()
) -> figures.Picture:
    """Return the spectrum of drawn events of which nothing more is told; `word` says why."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 4.6))
        draw_alone(axes, drawn, edges, word)
        note_standins(axes, synthetic, "contains")
        axes.set_title(title, loc="right", size=9, pad=16)
        return picture


def nothing(why: str, title: str) -> figures.Picture:
    """Return a picture that says why there is none."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 2))
        figures.say(axes, why)
        axes.set_title(title, loc="right", size=9)
        return picture
