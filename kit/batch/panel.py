"""The panel of batch: choose a notebook and points, see what they would be, try one, submit, watch, mend, collect.

It does as a person does: it writes files and calls the command, in a process that outlives the notebook.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets
import traitlets

from kit import calling, files, wording
from kit.batch import notebooks, planning, trying
from kit.batch.campaign import campaign_in
from kit.batch.command_options import words_of
from kit.batch.driving import look
from kit.batch.options import Options
from kit.batch.planning import Plan
from kit.batch.rounds import Round
from kit.batch.run_panel import RunPanel
from kit.batch.submission import SubmissionParameters
from kit.directories import new_directory
from kit.parameters import NOT_COMPARED, read_yaml
from kit.widgets import Browser, Footer, Panel, ParameterForm, Report, Runner, Words
from kit.widgets.look import hooked, line

__all__ = ["BatchPanel"]

MOST_LISTED = 2000  # points in the list
GROUPS = {
    "How large are jobs?": ["per_job", "target_seconds", "max_jobs", "workers", "try_first"],
    "What may they use?": ["cpus", "memory_mb", "memory_max_mb", "disk_mb", "guard", "point_timeout", "flavour"],
    "What do they run in?": ["isolation", "preload", "environment", "inputs", "keep_notebooks"],
    "When are they good?": ["accept", "dag", "notify"],
}
SHOWN = ("notebook", "points", "values", "profile", *(name for names in GROUPS.values() for name in names))
SIGNS = {"complete": "✓", "running": "▶", "stopped": "■", "stale": "↻", "changed": "↻", "waiting": "○"}
NONE = "–"


class BatchPanel(Panel):
    """Submissions, from the choice of a notebook to the collected files.

    Parameters
    ----------
    p : SubmissionParameters
        What the form starts with; never changed.
    run : path
        A run to watch from the beginning; empty for none.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    form : ParameterForm
        What is submitted, and how.
    points : Browser
        The points that the sweep makes.
    views : list of RunPanel
        The runs that are watched, the latest first.
    """

    kept = ("form",)
    told = traitlets.Unicode(help="what the submission would be, in words")

    def __init__(self, p: SubmissionParameters, run: str | Path = "", *, interactive: bool = True) -> None:
        hidden = [name for name in SubmissionParameters.model_fields if name not in SHOWN]
        self.form = ParameterForm(p, hidden=hidden, groups=GROUPS, folded=True, interactive=interactive)
        self.points = Browser(noun="points", interactive=interactive)
        self.words = Words("kit-told", role="status")
        self.views: list[RunPanel] = []
        self._planned: tuple[str, Plan] | None = None
        super().__init__(hook="kit-batch", interactive=interactive)
        self.planner = Runner(self._plan, start="Plan", interactive=interactive)
        self.trier = Runner(self._try, start="Try one point", interactive=interactive)
        self.submitter = Runner(self._submit, start="Submit", interactive=interactive)
        self.choices = self._choices()
        self.footer = Footer(self, "batch/submission", interactive=interactive)
        traitlets.dlink((self, "told"), (self.words, "text"))
        self._arrange()
        if run:
            self.watch(run)

    def plan(self) -> None:
        """Tell what the points and jobs would be."""
        self.planner.start()

    def try_one(self) -> None:
        """Run the first point here, for its time and its memory; its result does not count."""
        self.trier.start()

    def submit(self) -> None:
        """Submit what the form says, and watch it."""
        self.submitter.start()

    def watch(self, run: str | Path) -> RunPanel:
        """Show a run beside those that are shown."""
        view = RunPanel(run, interactive=self.interactive)
        self.views.insert(0, view)  # the newest is what one wants to see
        self._arrange()
        return view

    def static(self) -> dict[str, Any]:
        """Return the runs that are watched, or the parameters where there is none."""
        return super().static() if self.views else self.form.static()

    def _plan(self, _stop: threading.Event, report: Report) -> Plan:
        report(0, None, "planning …")
        plan = self._made()
        self.told = _told(plan)
        self.points.records = [
            {"point": point.index, **{name: wording.literal(value) for name, value in point.parameters.items()}}
            for point in plan.points[:MOST_LISTED]
        ]
        report(1, 1, f"{len(plan.points)} points")
        return plan

    def _try(self, _stop: threading.Event, report: Report) -> Plan:
        plan = self._made(anew=True)
        report(0, None, "the first point runs here …")
        tried = trying.measure(plan)
        if tried.line is None or tried.line["state"] != "done":
            raise RuntimeError(tried.words)
        measured = tried.applied(plan)
        self._planned = self._planned[0] if self._planned else "", measured
        self.told = f"{tried.words}\n{_told(measured)}"
        report(1, 1, tried.words)
        return measured

    def _submit(self, stop: threading.Event, report: Report) -> str:
        plan = self._made()
        report(0, None, f"submitting {len(plan.points)} points …")
        directory = new_directory(plan.notebook.stage, "panel")
        folder = files.resolve("outputs") / "batch" / "submission" / directory.name
        folder.mkdir(parents=True, exist_ok=True)
        answer = calling.call(
            [*_command(self.form.checked(), folder), "--run", str(directory)],
            settled=lambda: _is_sent(directory), left=stop.is_set,
        )  # fmt: skip
        view = self.watch(directory)
        self.choices.run.options = [NONE, *_runs()]
        if self.interactive:
            view.watcher.start()
        report(1, 1, files.shown(directory))
        return answer.words

    def _made(self, *, anew: bool = False) -> Plan:
        """Return the plan of what the form says, made once for each state of it, or `anew`."""
        p = self.form.checked()
        key = json.dumps(p.compared(), default=str)
        if anew or self._planned is None or self._planned[0] != key:
            self._planned = key, planning.make_plan(p.notebook, p.values, p.points, p)
        return self._planned[1]

    def _choices(self) -> SimpleNamespace:
        """Return lists of what there is: notebooks, parameter files, runs, campaigns."""
        made = SimpleNamespace(
            notebook=_choice("notebook", notebooks.stage_names()),
            file=_choice("parameter file", _below("parameters", "*/*.yaml")),
            run=_choice("run", _runs()),
            campaign=_choice("campaign", [name.split("/")[0] for name in _below("outputs/campaigns", "*/*.json")]),
        )
        made.notebook.observe(self.guarded(lambda change: self._take(notebook=change.new)), "value")
        made.file.observe(self.guarded(lambda change: self._load(change.new)), "value")
        made.run.observe(self.guarded(lambda change: change.new != NONE and self.watch(change.new)), "value")
        made.campaign.observe(self.guarded(lambda change: self._tell_campaign(change.new)), "value")
        return made

    def _take(self, **values: Any) -> None:
        if NONE not in values.values():
            self.form.set(**values)

    def _load(self, name: str) -> None:
        """Take a parameter file for the values that all points share; one of batch for the whole form."""
        if name == NONE:
            return
        if name.startswith("batch/"):
            self.form.load(f"parameters/{name}")
            return
        values = read_yaml(files.resolve("parameters") / name)
        self.form.set(values={key: value for key, value in values.items() if key not in NOT_COMPARED})

    def _tell_campaign(self, name: str) -> None:
        if name == NONE:
            return
        campaign = campaign_in(files.resolve("outputs/campaigns") / name)
        standing = look(campaign) if campaign else []
        self.told = " → ".join(f"{one.name} {SIGNS[one.state]} {one.state}" for one in standing)

    def _arrange(self) -> None:
        here = self.choices
        views = [line(*self.views)] if self.views else []
        self.contain(
            line(here.notebook, here.file), self.form, line(self.planner, self.trier, self.submitter),
            self.words, self.points, line(here.run, here.campaign), self.footer, *views,
        )  # fmt: skip


def _choice(label: str, names: list[str]) -> Any:
    look_ = {"style": {"description_width": "auto"}, "layout": {"width": "26em"}}
    return hooked(ipywidgets.Dropdown(description=label, options=[NONE, *names], **look_), "kit-choice")


def _below(folder: str, pattern: str) -> list[str]:
    root = files.resolve(folder)
    return [str(path.relative_to(root)) for path in sorted(root.glob(pattern))]


def _runs() -> list[str]:
    """Return the batch runs of the project, the newest first."""
    found = sorted(files.home().glob("outputs/*/*/*/submission.json"), key=lambda path: -path.stat().st_mtime)
    return [files.shown(path.parent) for path in found]


def _told(plan: Plan) -> str:
    return "\n".join([f"{name}: {value}" for name, value in plan.told().items()] + plan.notes)


def _command(p: SubmissionParameters, folder: Path) -> list[str]:
    """Return the command that submits what the form says; values and points go through files."""
    values, points = folder / "values.yaml", folder / "points.json"
    files.write_json(values, p.values)
    if not isinstance(p.points, str):
        files.write_json(points, p.points)
    words = ["submit", p.notebook, "-f", str(values)]
    words += ["--points", str(files.resolve(p.points) if isinstance(p.points, str) else points)]
    changed = p.changed()
    for name in Options.model_fields:
        words += words_of(name, changed[name]) if name in changed else []
    return words


def _is_sent(directory: Path) -> bool:
    rounds = directory / "rounds"
    return any("cluster" in (Round(path).submitted or {}) for path in rounds.glob("[0-9]*") if path.name != "000")
