"""Does a pool last? The chance that it runs dry, and the largest exposure that it allows."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["RISK", "largest_mean", "longest", "p_exhaust"]

RISK = 1e-3  # largest accepted probability that a process runs dry


def p_exhaust(available: float, mean: float) -> float:
    """Return the probability that a Poisson number with this mean exceeds what is available."""
    from scipy.special import pdtrc

    return float(pdtrc(int(available), mean)) if mean > 0 else 0.0


def largest_mean(available: float, risk: float = RISK) -> float:
    """Return the largest Poisson mean that exceeds what is available with no more than probability `risk`."""
    from scipy.special import gammaincinv

    return float(gammaincinv(int(available) + 1, risk))


def longest(available: Mapping[str, float], means: Mapping[str, float], risk: float = RISK) -> tuple[float, str]:
    """Return by which factor the exposure can grow until a process may run dry, and which process that is.

    Parameters
    ----------
    available, means : mapping
        By process; those with a mean of 0 limit nothing.

    Returns
    -------
    (float, str)
        The factor, infinite where nothing limits; the process, empty then.
    """
    factors = {name: largest_mean(available[name], risk) / mean for name, mean in means.items() if mean > 0}
    if not factors:
        return float("inf"), ""
    limiting = min(factors, key=lambda name: (factors[name], name))
    return factors[limiting], limiting
