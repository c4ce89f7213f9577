"""What fits of all channels of a board cost at once, beside scipy channel by channel; and a whole distillation.

    python tests/benchmarks/hgcroc_distillation.py [--channels 234] [--json FILE]

CPU seconds of one thread, the best of three; scipy once. Before anything is timed both ways must find the same.
"""

# ruff: noqa: E402, T201 - a program, which finds the project by its own place
import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import numpy as np
from scipy.optimize import brentq, curve_fit, minimize, minimize_scalar
from scipy.special import log_ndtr, ndtr
from scipy.stats import linregress

from kit.hgcroc.calibration.curve_fits import fit_curves
from kit.hgcroc.calibration.distilleries import distil
from kit.hgcroc.calibration.fitting import fit_lines
from kit.hgcroc.calibration.power_fits import fit_powers
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, characterised

TARGETS = {  # meaning, bound, whether it is a least
    "curves_ratio": ("scipy / ours, efficiency curves with asymmetric errors", 20.0, True),
    "lines_ratio": ("scipy / ours, straight lines", 20.0, True),
    "powers_ratio": ("scipy / ours, time-walk", 3.0, True),
}
TRIALS = 500


def cpu(function: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Return the least CPU time of a function in seconds, and what it returned."""
    best, result = float("inf"), None
    for _ in range(repeats):
        begin = time.process_time()
        result = function()
        best = min(best, time.process_time() - begin)
    return best, result


def agree(name: str, ours: Any, theirs: Any, tolerance: float) -> None:
    """Refuse to time two ways that differ."""
    off = float(np.max(np.abs(np.asarray(ours) - np.asarray(theirs))))
    if not off < tolerance:
        message = f"{name}: the two ways differ by {off:.3g}, should be below {tolerance:g}"
        raise SystemExit(message)


def curves(channels: int, rng: np.random.Generator) -> dict[str, float]:
    """Return what S-curves cost: toa_scurve of the standard scans."""
    x = np.arange(40, 161, 2) * 500 / 4096
    middle = rng.normal(12, 0.6, channels)
    hits = rng.binomial(TRIALS, ndtr((x[:, None] - middle) / 0.35)).astype(float)
    trials = np.full(hits.shape, float(TRIALS))
    ours, found = cpu(lambda: fit_curves(x[:, None], hits, trials))

    def one_by_one() -> list[list[float]]:
        def loss(p: Any, fired: Any) -> float:
            u = (x - p[0]) / abs(p[1])
            return -float((fired * log_ndtr(u) + (TRIALS - fired) * log_ndtr(-u)).sum())

        def edge(best: Any, fired: Any, sign: int) -> float:
            def above(away: float) -> float:
                free = minimize_scalar(lambda w: loss([best.x[0] + sign * away, w], fired), (0.2, 0.5))
                return float(free.fun) - best.fun - 0.5

            return float(brentq(above, 0.0, 0.5, xtol=1e-5))

        found = []
        for k in range(channels):
            best = minimize(loss, [12, 0.5], (hits[:, k],), method="Nelder-Mead")
            found.append([best.x[0], edge(best, hits[:, k], -1), edge(best, hits[:, k], 1)])
        return found

    plain, theirs = cpu(one_by_one, 1)
    agree("efficiency curves", np.stack([found.middle, found.below, found.above], axis=1), theirs, 1e-3)
    return {"curves": ours, "curves_plain": plain, "curves_ratio": plain / ours}


def lines(channels: int, rng: np.random.Generator) -> dict[str, float]:
    """Return what straight lines cost: 40 charges."""
    x = np.linspace(0, 200, 40)
    y = 200 + rng.normal(3.2, 0.1, channels) * x[:, None] + rng.normal(0, 0.1, (40, channels))
    ours, found = cpu(lambda: fit_lines(x[:, None], y, np.ones(y.shape)))
    plain, theirs = cpu(lambda: [linregress(x, y[:, k]).slope for k in range(channels)], 1)
    agree("lines", found.slope, theirs, 1e-9)
    return {"lines": ours, "lines_plain": plain, "lines_ratio": plain / ours}


def powers(channels: int, rng: np.random.Generator) -> dict[str, float]:
    """Return what the time-walk costs: timewalk_scan above 90 fC."""
    x = np.arange(64, 2048, 32) * 8000 / 4096
    y = (
        2.7e5 / (x[:, None] - 25.4) ** 1.58
        + rng.uniform(0, 1024, channels)
        + rng.normal(0, 0.05, (len(x), channels))
    )

    def law(q: Any, scale: float, pole: float, power: float, end: float) -> Any:
        return scale / (q - pole) ** power + end

    ours, found = cpu(lambda: fit_powers(x[:, None], y, np.ones(y.shape)))
    start = [2e5, 20, 1.5]
    plain, theirs = cpu(
        lambda: [curve_fit(law, x, y[:, k], [*start, y[-1, k]], maxfev=20_000)[0][3] for k in range(channels)], 1
    )
    agree("time-walk", found.end, theirs, 0.05)
    return {"powers": ours, "powers_plain": plain, "powers_ratio": plain / ours}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--channels", type=int, default=234)
    parser.add_argument("--json", type=Path)
    options, _ = parser.parse_known_args()
    rng = np.random.default_rng(1)
    found = {**curves(options.channels, rng), **lines(options.channels, rng), **powers(options.channels, rng)}
    tables, _ = characterised(Hexaboard("ld", 1))
    found["distillation"], _ = cpu(lambda: distil(tables, WISHES))
    missed = 0
    for name, (meaning, bound, _) in TARGETS.items():
        good = found[name] >= bound
        missed += not good
        print(f"{'ok  ' if good else 'MISS'} {meaning:58} {found[name]:12.4g}   ≥ {bound:g}")
    for name in ("curves", "lines", "powers"):
        ours, plain = 1e3 * found[name], 1e3 * found[f"{name}_plain"]
        print(f"     {name}: {ours:.1f} ms for {options.channels} channels, {plain:.0f} ms one by one")
    print(f"     all 16 analyses of the quick set of scans: {found['distillation']:.2f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return missed


if __name__ == "__main__":
    sys.exit(main())
