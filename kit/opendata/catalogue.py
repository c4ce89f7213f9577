"""The stage `catalogue`: which files a release or a record has, and on wish the files themselves.

Lists are asked for once and kept beside the files, for all runs; a second run makes no request. A file has its
final name only when it is whole and, where the services tell one, its checksum is right.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from kit import files
from kit.files import FormatError
from kit.opendata import demo_shelf
from kit.opendata.catalogue_files import CATALOGUE, summed_up, write_catalogue
from kit.opendata.datasets import WANTED, Chosen, choose
from kit.opendata.demo_service import Service
from kit.opendata.listings import Dataset, kept
from kit.opendata.portal import list_record, record_name
from kit.opendata.releases import Release, list_release
from kit.opendata.shelf import Entry, Shelf
from kit.opendata.web import Patience
from kit.parameters import ParameterError, Parameters, parameter
from kit.run import Run, RunError

__all__ = ["CatalogueParameters", "list_files"]

DEMO = "demo"
SHOWN = 10  # faults that are named in one message


class CatalogueParameters(Parameters):
    """What is looked up, what of it is wanted, and how patiently."""

    releases: list[Release | Literal["demo"]] = parameter([DEMO], "ATLAS releases; demo for a generated one")
    records: list[int] = parameter([], "records of the CERN Open Data portal, by number")
    datasets: list[str] = parameter([], "numbers of datasets, or data; all where empty")
    skim: str = parameter("noskim", "skim whose files are wanted, noskim for the whole datasets")
    kind: Literal["data", "simulation", "both"] = parameter("data", "collisions, simulation or both")
    api_url: str = parameter(
        "https://atlasopenmagic-api.app.cern.ch", "ATLAS metadata service; demo for a local one"
    )
    server: str = parameter("https://opendata.cern.ch", "portal and file server; demo for a local one")
    protocol: Literal["https", "root"] = parameter("https", "how files are read; root needs XRootD")
    folder: str = parameter("outputs/data/opendata", "where lists and files are kept, for all runs")
    download: bool = parameter(False, "fetch the files, too, instead of only listing them")
    refresh: bool = parameter(False, "ask the services again, and check the files that are here")
    since: list[str] = parameter(
        [], "earlier runs, or their catalogue.json, whose files are left out; the services are asked again"
    )
    max_files: int | None = parameter(None, "only the first so many files", ge=1)
    connections: int = parameter(4, "downloads side by side", ge=1, le=16)
    timeout: float = parameter(60.0, "longest wait for an answer", unit="s", gt=0)
    retries: int = parameter(5, "further tries where a server is busy or a connection breaks", ge=0, le=20)
    backoff: float = parameter(1.0, "first wait before a further try; it doubles", unit="s", ge=0, le=300)
    max_failed_fraction: float = parameter(0.0, "share of the files that may fail", ge=0, le=1)

    effort: ClassVar[frozenset[str]] = Parameters.effort | {
        "connections",
        "timeout",
        "retries",
        "backoff",
        "max_failed_fraction",
    }

    def named_inputs(self) -> list[str]:
        """Return the catalogues that are read."""
        return list(self.since)

    @field_validator("records")
    @classmethod
    def _positive(cls, records: list[int]) -> list[int]:
        if bad := [number for number in records if number <= 0]:
            message = f"is {bad[0]}, should be the number of a record, above 0"
            raise ValueError(message)
        return records

    @field_validator("api_url", "server")
    @classmethod
    def _an_address(cls, address: str) -> str:
        if address != DEMO and not address.startswith(("http://", "https://")):
            message = f"is {address}, should begin with http:// or https://, or be demo"
            raise ValueError(message)
        return address

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        if not self.releases and not self.records:
            yield "releases is empty, and so is records: nothing to look up"
        if (self.api_url == DEMO) != (self.server == DEMO) and self.releases:
            yield f"api_url is {self.api_url}, server is {self.server}: both or none are demo"
        if DEMO in self.releases and len(self.releases) > 1:
            yield f"releases is {self.releases}: demo goes with no other release"
        if self.releases == [DEMO] and self.records and self.server != DEMO:
            yield f"releases is demo, records, {self.records}, are not: set releases to [], or server to demo"

    @property
    def local(self) -> bool:
        """Whether a service on this computer is asked, which knows of generated events alone."""
        return DEMO in (self.api_url, self.server, *self.releases)

    @property
    def patience(self) -> Patience:
        """How patient requests are."""
        return Patience(self.retries, self.backoff, self.timeout)


def list_files(p: CatalogueParameters, run: Run) -> dict[str, Any]:
    """Write ``catalogue.json``, ``metadata_cache.json`` and ``files.txt``; fetch the files where wanted.

    Raises
    ------
    RunError
        If more files fail than `max_failed_fraction` allows, after all were tried; what came is kept.
    ParameterError
        If a dataset or a skim is not there, or `folder` is a file or lies below one.
    OSError, FormatError
        If the services cannot be reached or contradict themselves.
    """
    begin = time.monotonic()
    _refuse_a_file(p.folder)
    known = _known(p.since)
    with _services(p) as (api_url, server):
        lists, asked = _listings(p, api_url, server, run)
        chosen = choose(lists, p.datasets, p.skim, WANTED[p.kind], run.notice)
        public = str(demo_shelf.folder()) if p.local else p.server  # what is here can be read as it is
        shelf = Shelf(files.resolve(p.folder), server, public, p.protocol, p.patience)
        placed = _placed(shelf, _new(chosen, known), p.max_files, refresh=p.refresh)
        every = [entry for _, entries in placed for entry in entries]
        if p.download:
            missing = [entry for entry in every if entry.state != "here"]
            for _ in run.progress(shelf.fetch(missing, p.connections), "file", len(missing)):
                pass
    failed = [entry for entry in every if entry.reason]
    if len(failed) > p.max_failed_fraction * len(every):
        share = f"{p.max_failed_fraction:g} of them may"
        head = f"{len(failed)} of {len(every)} files failed, {share}; what came is kept:"
        more = [f"and {len(failed) - SHOWN} more"] * (len(failed) > SHOWN)
        raise RunError("\n  ".join([head, *(entry.reason for entry in failed[:SHOWN]), *more]))
    write_catalogue({"server": _told(p, p.server), "protocol": p.protocol, "skim": p.skim}, placed, run)
    for entry in failed[:SHOWN]:
        run.notice(f"failed: {entry.reason}")
    if not every:
        run.notice("nothing was selected: what is wanted holds no file")
    return summed_up(placed, asked, time.monotonic() - begin)


def _refuse_a_file(folder: str) -> None:
    """Raise before anything is asked for where no folder can be."""
    path = files.resolve(folder)
    there = next(some for some in (path, *path.parents) if some.exists())
    if not there.is_dir():
        message = f"folder is {folder}, and {there} is a file, should be a directory"
        raise ParameterError(message)


@contextlib.contextmanager
def _services(p: CatalogueParameters) -> Iterator[tuple[str, str]]:
    if not p.local:
        yield p.api_url, p.server
        return
    with Service(demo_shelf.folder()) as service:
        yield service.url, service.url


def _listings(p: CatalogueParameters, api_url: str, server: str, run: Run) -> tuple[list[Dataset], int]:
    """Return all datasets of all releases and records, and how many lists were asked for."""
    folder, found, asked = files.resolve(p.folder) / "lists", list[Dataset](), 0
    makers: list[tuple[str, dict[str, str], Any]] = [
        (release, {"api_url": _told(p, p.api_url)}, functools.partial(_release, release, api_url, p.patience))
        for release in dict.fromkeys(p.releases)
    ]
    for record in dict.fromkeys(p.records):
        make = functools.partial(list_record, record, server, p.patience)
        makers.append((record_name(record), {"server": _told(p, p.server)}, lambda make=make: [make()]))
    for name, settings, make in makers:
        refresh = p.refresh or bool(p.since)  # a list that was kept knows nothing new
        listed, made = kept(folder / f"{name}.json", settings, make, run.notice, refresh=refresh)
        found, asked = found + listed, asked + made
    return found, asked


def _told(p: CatalogueParameters, address: str) -> str:
    """Return an address as it is kept: that of a service on this computer changes from run to run."""
    return DEMO if p.local else address


def _release(name: str, api_url: str, patience: Patience) -> list[Dataset]:
    """Return all datasets of a release; the generated one has the form of one of ATLAS, under its own name."""
    if name != DEMO:
        return list_release(name, api_url, patience)
    return [replace(found, source=DEMO) for found in list_release(demo_shelf.RELEASE, api_url, patience)]


def _known(since: Sequence[str]) -> set[str]:
    """Return the files that earlier catalogues hold; those that failed are not held."""
    known: set[str] = set()
    for named in since:
        given = files.resolve(named)
        path = given / CATALOGUE if given.is_dir() else given
        if not path.is_file():
            lacking = f"{named} has no {CATALOGUE}" if given.is_dir() else f"there is no {named}"
            message = f"since: {lacking}; should be an earlier run, or its {CATALOGUE}"
            raise FileNotFoundError(message)
        content = files.read_json(path)
        try:
            entries = [entry for dataset in content["datasets"] for entry in dataset["files"]]
            known |= {entry["uri"] for entry in entries if entry["state"] != "failed"}
        except (KeyError, TypeError) as fault:
            message = f"{path}: no catalogue; should be {CATALOGUE} of an earlier run"
            raise FormatError(message) from fault
    return known


def _new(chosen: Sequence[Chosen], known: Set[str]) -> list[Chosen]:
    return [(dataset, [file for file in listed if file.uri not in known]) for dataset, listed in chosen]


def _placed(
    shelf: Shelf, chosen: Sequence[Chosen], most: int | None, *, refresh: bool
) -> list[tuple[Dataset, list[Entry]]]:
    """Return the datasets with their files, `most` of them in all, as they are on the shelf."""
    placed, left = list[tuple[Dataset, list[Entry]]](), most
    for dataset, listed in chosen:
        some = listed if left is None else listed[:left]
        left = None if left is None else left - len(some)
        placed.append((dataset, [shelf.entry(dataset, file, refresh=refresh) for file in some]))
    return placed
