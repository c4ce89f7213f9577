"""Campaigns: a file that chains stages, each working on what the one before has left.

A campaign keeps one small record: which run belongs to which stage, and by what that run is known. Calling it
again at any time looks at each stage and does what can be done now; what is complete is never run again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from kit import files, wording
from kit.batch.faults import SubmissionError
from kit.batch.notebooks import find
from kit.batch.options import Options
from kit.batch.points import code_of
from kit.batch.rounds import CAMPAIGN
from kit.batch.worker.identity import canonical, digest
from kit.directories import RunError
from kit.parameters import read_yaml

__all__ = ["Campaign", "Record", "Source", "Stage", "begin", "campaign_in", "read_campaign"]

KEYS = {"name", "notebook", "set", "each", "all", "again", "accept", "options", "chunks"}
NAME = re.compile(r"\w[\w.+-]*")
COPY = "campaign.yaml"


@dataclass(frozen=True)
class Source:
    """Where the inputs of a stage come from: parameter, earlier stage, pattern of files, files of a point."""

    parameter: str
    stage: str
    pattern: str
    bundle: int | None


@dataclass(frozen=True)
class Stage:
    """One stage of a campaign; `each` makes a point of each group of inputs, `all` one point of all of them.

    `again` is by parameter the pattern of files that tell a stage, another time, what it has found.
    """

    name: str
    notebook: str
    fixed: dict[str, Any]
    sweep: dict[str, Any]
    source: Source | None
    together: bool
    options: Options
    chunks: int | None
    again: dict[str, str] = field(default_factory=dict)

    def own_identity(self) -> str:
        """Return what this stage hashes to by itself: code, values, points."""
        source = astuple(self.source) if self.source else ()
        about = [code_of(find(self.notebook).content), self.fixed, self.sweep, self.together, source]
        return digest(canonical(about))[:16]


@dataclass
class Record:
    """Which run a stage has, how it is known, what its file last said of its gate; `earlier`: see `growing`."""

    run: str
    own: str
    before: str
    accept: float | None = None
    earlier: list[str] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """What the run hashes to, with all stages before it."""
        return digest(canonical([self.own, self.before]))[:16]


@dataclass
class Campaign:
    """A campaign as its file says it, with the record of its runs."""

    name: str
    stages: list[Stage]
    directory: Path
    file: str = ""
    dag: bool = False
    records: dict[str, Record] = field(default_factory=dict)

    def stage(self, name: str) -> Stage:
        """Return a stage by its name."""
        return next(stage for stage in self.stages if stage.name == name)

    def before(self, stage: Stage) -> str:
        """Return what the stages before hash to, as they were run."""
        return self.records[stage.source.stage].identity if stage.source else ""

    def save(self) -> None:
        """Write the record."""
        runs = {name: asdict(record) for name, record in self.records.items()}
        content = {"campaign": self.name, "file": self.file, "dag": self.dag, "stages": runs}
        files.write_json(self.directory / CAMPAIGN, content)


def read_campaign(path: Path) -> Campaign:
    """Return the campaign that a file describes, with the record of what has been done for it.

    Raises
    ------
    SubmissionError
        Naming what is missing, not known, or not there yet.
    """
    content = read_yaml(path)
    where = files.shown(path)
    _refuse_strangers(where, content, {"campaign", "stages", "options"})
    name, listed = content.get("campaign"), content.get("stages")
    if not isinstance(name, str) or not isinstance(listed, list) or not listed:
        message = f"{where}: should name the campaign and list its stages"
        raise SubmissionError(message)
    _check_name(where, name)
    common = _map(where, content, "options")
    stages: list[Stage] = []
    for number, about in enumerate(listed, 1):
        if not isinstance(about, Mapping):
            message = f"{where}: stage {number} is {about!r}, should be a map"
            raise SubmissionError(message)
        stages.append(_stage(f"{where}, stage {about.get('name', number)}", about, common, stages))
    campaign = Campaign(name, stages, files.resolve("outputs/campaigns") / name)
    if kept := _record_in(campaign.directory):
        campaign.dag, campaign.file, campaign.records = kept.dag, kept.file, kept.stages
    return campaign


def campaign_in(directory: Path) -> Campaign | None:
    """Return the campaign whose record lies in `directory`, None where there is none.

    Its file counts as it is now; where that is gone, or is another's by now, the copy that was last at work.
    """
    kept = _record_in(directory)
    if kept is None:
        return None
    file = files.resolve(kept.file or directory / COPY)
    if file.is_file() and (found := read_campaign(file)).directory == directory:
        return found
    return read_campaign(directory / COPY)


def begin(campaign: Campaign, path: Path, *, dag: bool) -> None:
    """Make the directory of a campaign, with a copy of its file."""
    campaign.dag = dag
    if path != campaign.directory / COPY:
        campaign.file = files.shown(path)
        with files.whole(campaign.directory / COPY) as part:
            part.write_bytes(path.read_bytes())
    campaign.save()


class _Kept(BaseModel):
    """What `Campaign.save` writes."""

    dag: bool
    file: str = ""
    stages: dict[str, Record]


def _record_in(directory: Path) -> _Kept | None:
    path = directory / CAMPAIGN
    if not path.is_file():
        return None
    try:
        return _Kept.model_validate(files.read_json(path))
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        message = f"{files.shown(path)}: {place}: {first['msg'].lower()}; should be as this campaign has left it"
        raise SubmissionError(message) from None


def _stage(where: str, about: Mapping[str, Any], common: Mapping[str, Any], before: list[Stage]) -> Stage:
    _refuse_strangers(where, about, KEYS)
    missing = [key for key in ("name", "notebook") if not isinstance(about.get(key), str)]
    if missing:
        message = f"{where}: {missing[0]} is missing"
        raise SubmissionError(message)
    _check_name(where, about["name"])
    if "each" in about and "all" in about:
        message = f"{where}: has each and all, should have one of them"
        raise SubmissionError(message)
    if about["name"] in [stage.name for stage in before]:
        message = f"{where}: there is a stage of this name before"
        raise SubmissionError(message)
    axes = _map(where, about, "all" if "all" in about else "each")
    source, sweep = _source(where, axes, before, together="all" in about)
    accept = {"accept": about["accept"]} if "accept" in about else {}
    options = Options.build(dict(common) | _map(where, about, "options") | accept, where)
    try:
        find(about["notebook"])
    except RunError as fault:
        message = f"{where}: {fault}"
        raise SubmissionError(message) from None
    return Stage(
        about["name"], about["notebook"], _map(where, about, "set"), sweep, source, "all" in about, options,
        about.get("chunks"), _again(where, about, source),
    )  # fmt: skip


def _again(where: str, about: Mapping[str, Any], source: Source | None) -> dict[str, str]:
    """Return which files of a stage tell it what is known, by the parameter that takes them."""
    again = about.get("again") or {}
    if not isinstance(again, Mapping) or not all(isinstance(pattern, str) for pattern in again.values()):
        message = (
            f"{where}: again is {again!r}, should be such as {{since: list.json}}, a pattern of its own files"
        )
        raise SubmissionError(message)
    if again and source:
        message = f"{where}: has again and outputs_of; what is new comes to it from {source.stage}"
        raise SubmissionError(message)
    return dict(again)


def _map(where: str, about: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = about.get(key) or {}
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return dict(value)
    message = f"{where}: {key} is {wording.short(repr(value))}, should be a map of names and values"
    raise SubmissionError(message)


def _source(
    where: str, axes: Mapping[str, Any], before: list[Stage], *, together: bool
) -> tuple[Source | None, dict[str, Any]]:
    """Return where inputs come from an earlier stage, and the rest of the sweep."""
    found: list[Source] = []
    sweep: dict[str, Any] = {}
    for parameter, about in axes.items():
        if not isinstance(about, Mapping) or "outputs_of" not in about:
            sweep[parameter] = about
            continue
        _refuse_strangers(f"{where}, {parameter}", about, {"outputs_of", "pattern", "bundle"})
        known = [stage.name for stage in before]
        if about["outputs_of"] not in known:
            near = wording.suggestion(str(about["outputs_of"]), known)
            message = f"{where}: outputs_of names {about['outputs_of']}, which is no stage before it{near}"
            raise SubmissionError(message)
        bundle = None if together else int(about.get("bundle", 1))
        found.append(Source(parameter, about["outputs_of"], about.get("pattern", ""), bundle))
    if len(found) > 1:
        message = f"{where}: takes the outputs of two stages, should take those of one"
        raise SubmissionError(message)
    return (found[0] if found else None), sweep


def _check_name(where: str, name: str) -> None:
    """Refuse a name that cannot be that of a folder in the outputs, or of a node in a DAG."""
    if not NAME.fullmatch(name):
        message = f"{where}: the name {name!r} should be made of letters, digits and . _ + - alone"
        raise SubmissionError(message)


def _refuse_strangers(where: str, content: Mapping[str, Any], known: set[str]) -> None:
    if strangers := [name for name in content if name not in known]:
        message = f"{where}: {strangers[0]} is not known{wording.suggestion(strangers[0], known)}"
        raise SubmissionError(message)
