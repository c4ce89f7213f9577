"""Which datasets of the lists are wanted, and which of their files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from kit import wording
from kit.opendata.listings import Dataset, Kind, RemoteFile
from kit.parameters import ParameterError

__all__ = ["WANTED", "Chosen", "choose"]

Chosen = tuple[Dataset, list[RemoteFile]]

WANTED: dict[str, tuple[Kind, ...]] = {
    "data": ("data",),
    "simulation": ("simulation",),
    "both": ("data", "simulation", "unknown"),
}
SHOWN = 8  # names that are told in one message
WHOLE = "noskim"


def choose(
    found: Sequence[Dataset],
    keys: Collection[str],
    skim: str,
    kinds: Collection[Kind],
    say: Callable[[str], object],
) -> list[Chosen]:
    """Return the datasets wanted with their files of one skim; a dataset without files has none.

    Parameters
    ----------
    keys : collection of str
        Numbers of datasets, ``data``, or short names; all where empty. They hold for releases alone: a record
        is wanted as it is named.
    say : callable
        Told of datasets whose kind nobody tells, and that are left out for it.

    Raises
    ------
    ParameterError
        If a key or the skim is not there.
    """
    of_releases = [dataset for dataset in found if not _is_record(dataset)]
    known = {name for dataset in of_releases for name in (dataset.key, dataset.name)}
    if strangers := [key for key in keys if key not in known]:
        near = wording.suggestion(strangers[0], sorted(known))
        message = f"datasets names {strangers[0]}, which is not there{near}; there are {_some(sorted(known))}"
        raise ParameterError(message)
    wanted = [d for d in found if not keys or _is_record(d) or {d.key, d.name} & set(keys)]
    if unclear := [d.source for d in wanted if d.kind == "unknown" and d.kind not in kinds]:
        say(
            f"left out, since nobody tells whether it is data or simulation: {_some(unclear)}; kind both takes all"
        )
    wanted = [dataset for dataset in wanted if dataset.kind in kinds]
    skims = {name for dataset in wanted for name in dataset.files}
    if skims and skim not in skims:
        near = wording.suggestion(skim, sorted(skims))
        message = f"skim is {skim}, which no dataset wanted has{near}; there are {_some(sorted(skims))}"
        raise ParameterError(message)
    return [(dataset, dataset.files.get(WHOLE if _is_record(dataset) else skim, [])) for dataset in wanted]


def _is_record(dataset: Dataset) -> bool:
    return dataset.source.startswith("record_")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
