"""The pictures of what becomes of events and clusters on the way to windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.ecal.window_plots import Gathered, new_figure, of_nothing
from kit.figures import COLOURS

__all__ = ["cutflow", "per_event"]


def per_event(g: Gathered, events: int) -> figures.Picture:
    """Draw how many windows an event has: those that were kept, those of a particle."""
    if not len(g):
        return of_nothing()
    ids = np.stack([g.window[name] for name in ("run_id", "lumi_id", "event_id")], 1)
    _, event = np.unique(ids, axis=0, return_inverse=True)
    matched = g.window["is_seed_calo_matched"].astype(float)
    known = int(event.max()) + 1
    with figures.style("CMS"):
        picture, axes = new_figure()
        for text, weight, colour, line in (
            ("kept", np.ones(len(g)), COLOURS[0], "-"),
            ("of a particle", matched, COLOURS[2], "--"),
        ):
            number = np.concatenate([np.bincount(event, weight, known), np.zeros(max(events - known, 0))])
            bins = np.arange(0, max(number.max(), 4) + 2) - 0.5
            told = f"{text}: {number.mean():.2f} an event"
            axes[0, 0].stairs(np.histogram(number, bins)[0], bins, color=colour, ls=line, lw=1.8, label=told)
        axes[0, 0].set(xlabel="Windows in an event", ylabel="Events")
        axes[0, 0].set_ylim(0, 1.3 * axes[0, 0].get_ylim()[1])
        axes[0, 0].legend(loc="upper right")
        return picture


def cutflow(summary: Mapping[str, Any]) -> figures.Picture:
    """Draw how many clusters become seeds, windows, matched ones."""
    steps = (
        ("clusters", "clusters"),
        ("seeds", "seeds"),
        ("seeds_in_other_window", "seeds in earlier windows"),
        ("windows_created", "windows"),
        ("windows_matched", "windows of a particle"),
        ("calo_seeds", "of these kept, seed is main cluster"),
        ("windows", "windows kept"),
    )
    with figures.style("CMS"):
        picture, axes = figures.figure(size=(7.2, 3.6), experiment="CMS")
        figures.label(axes, "CMS", "Simulation")
        numbers = [max(int(summary.get(name, 0)), 0) for name, _ in steps]
        rows = np.arange(len(steps))[::-1]
        axes.barh(rows, np.maximum(numbers, 0.5), color=COLOURS[0], alpha=0.7)
        for row, number in zip(rows, numbers, strict=True):
            axes.text(max(number, 0.5) * 1.1, row, f"{number:,}".replace(",", " "), va="center", fontsize=10)
        axes.set_yticks(rows, [text for _, text in steps])
        axes.tick_params(axis="y", which="both", left=False, right=False)
        axes.set(xscale="log", xlabel=f"Number in {summary.get('events', 0)} events")
        axes.set_xlim(0.5, 20 * max(*numbers, 1))
        return picture
