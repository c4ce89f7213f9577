"""The parameters of `mixture`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import ClassVar, Literal

from kit.mu2e.columns import SchemaRule, Unreadable
from kit.mu2e.consumption import Order, Unit
from kit.mu2e.ensemble_files import Compression, OutputFormat
from kit.mu2e.plans import Mode
from kit.mu2e.processes import canonical
from kit.parameters import Parameters, parameter

__all__ = ["MixtureParameters"]

Step = Literal["all", "plan", "build", "close"]
LAST_SUBRUN = 99_999_999
TEXT = r"^[A-Za-z0-9_][-A-Za-z0-9_]*$"  # fields of Mu2e file names

with warnings.catch_warnings():
    # pydantic has a method `schema`, long deprecated; users know the parameter by this name
    warnings.filterwarnings("ignore", 'Field name "schema"', UserWarning)

    class MixtureParameters(Parameters):
        """What is mixed, how, and where it goes."""

        yields: str = parameter("", "run of mu2e/yields, or its yields.json; empty for those of the demo")
        mode: Mode = parameter("poisson", "numbers: Poisson, as SamplingInput jobs draw, or the expected ones")
        seed: int = parameter(1, "all random numbers but those of art", ge=0, le=2**32 - 1)
        sampling_seed: int = parameter(1, "art: seed of the first job", ge=1, le=2**31 - 2)
        subruns: int = parameter(10, "files of the ensemble; jobs of a grid", ge=1, le=10**6)
        run_number: int = parameter(1430, "run of the new event ids", ge=1, le=999_999)
        first_subrun: int = parameter(0, "first subrun of the new event ids", ge=0, le=99_999_999)
        ensemble: str = parameter("", "name in the ledger; empty for the tag of the yields", pattern=r"^$|" + TEXT)
        ledger: str = parameter("outputs/mu2e/ledger.sqlite", "events used so far; outlives the runs, not on EOS")
        livetime_process: str = parameter("", "art: process whose end ends a job; empty for the cosmics")
        legacy_seed: bool = parameter(False, "art: every job with the same seed, as older productions had it")
        on_exhaustion: Literal["refuse", "legacy"] = parameter(
            "refuse", "art: a job that another process ends is refused, or cut short as before"
        )
        total_events: int = parameter(0, "events that weights are relative to, as the originals have it", ge=0)
        unit: Unit = parameter("entry", "what is drawn: entries of a tree, or whole events in all trees")
        order: Order = parameter("sequential", "how files are consumed; random for samples that may be sorted")
        branches: list[str] = parameter(["*"], "columns to copy", min_length=1)
        schema: SchemaRule = parameter(  # type: ignore[assignment]
            "equal", "all files must have equal columns, or those that all have are copied"
        )
        unreadable: Unreadable = parameter("error", "columns that cannot be read: refuse, or leave out")
        output_format: OutputFormat = parameter("ttree", "rntuple holds nested columns, too; virtual writes none")
        compression: Compression = parameter("zstd", "of the files")
        chunk: int = parameter(100_000, "rows mixed at once; part of what decides their order", ge=1000, le=10**6)
        pseudo_experiments: int = parameter(0, "so many ensembles that share no event", ge=0, le=10_000)
        allow_overlap: bool = parameter(False, "pseudo-experiments may share events; how many is told")
        blind: bool = parameter(False, "hide the signal; sealed names its file")
        sealed: str = parameter("", "sealed rate and seed, as `seal` writes them")
        truth: list[str] = parameter(["*mc*", "*gen*"], "columns that a blinded ensemble does not show")
        toys: int = parameter(0, "binned toys of one column, without events", ge=0, le=10**6)
        toy_branch: str = parameter("mom", "column of the toys")
        toy_edges: list[float] = parameter([70.0, 150.0, 200.0], "toys: first edge, last edge, number of bins")
        export_grid: bool = parameter(True, "also write FCL, file lists and job definition")
        owner: str = parameter("mu2e", "owner in file names", pattern=TEXT)
        configuration: str = parameter("MDC2025af", "configuration in file names", pattern=TEXT)
        setup: str = parameter(
            "/cvmfs/mu2e.opensciencegrid.org/Musings/SimJob/MDC2025af/setup.sh", "setup script of grid jobs"
        )
        files_per_job: int = parameter(1, "files of each data set in a grid job", ge=1)
        step: Step = parameter("all", "plan reserves, build writes files, close marks events as used")
        plan: str = parameter("", "plan.json of a run with step plan; for build, and for close where runs differ")
        inputs_built: list[str] = parameter([], "runs with step build, or a batch run of them; for close")
        index: int = parameter(-1, "build only this subrun; -1 for all", ge=-1)

        effort: ClassVar[frozenset[str]] = Parameters.effort

        def named_inputs(self) -> list[str]:
            """Return the runs and files that are read."""
            return [*filter(None, (self.yields, self.sealed, self.plan)), *self.inputs_built]

        def contradictions(self) -> Iterator[str]:
            """Yield what does not fit together."""
            yield from _steps(self)
            if self.mode == "art" and (self.unit, self.order) != ("entry", "sequential"):
                yield f"mode art draws by entry in sequential order, not by {self.unit} in {self.order} order"
            yield from _art_alone(self)
            yield from _blind(self)
            if self.pseudo_experiments and (self.mode == "art" or self.step != "all"):
                yield "pseudo_experiments are drawn by poisson or asimov, with step all"
            if (last := self.first_subrun + self.subruns - 1) > LAST_SUBRUN:
                yield f"first_subrun and subruns end at subrun {last}, above {LAST_SUBRUN}: names have 8 digits"
            if self.livetime_process:
                try:
                    canonical(self.livetime_process)
                except ValueError as fault:
                    yield f"livetime_process: {fault}"
            edges = self.toy_edges
            if len(edges) != 3 or not edges[0] < edges[1] or edges[2] < 1 or edges[2] != int(edges[2]):
                yield f"toy_edges is {edges}, should be first edge, last edge, number of bins"


def _steps(p: MixtureParameters) -> Iterator[str]:
    """Yield what does not fit to the step."""
    if p.step == "build" and not p.plan:
        yield "step build needs plan: the plan.json of a run with step plan"
    if p.step in ("all", "plan") and p.plan:
        yield f"plan is for the steps build and close, not for {p.step}"
    if (p.step == "close") != bool(p.inputs_built):
        yield "step close and inputs_built go together: the runs with step build"
    if p.index >= 0 and p.step != "build":
        yield "index is for step build"


def _art_alone(p: MixtureParameters) -> Iterator[str]:
    """Yield what only `art` knows."""
    if p.mode == "art":
        if p.export_grid and p.files_per_job > 1:
            yield "mode art plans one file of each data set a job: files_per_job should be 1, or export_grid false"
        return
    for name in ("legacy_seed", "livetime_process"):
        if getattr(p, name):
            yield f"{name} is for mode art"
    if p.on_exhaustion != "refuse":
        yield "on_exhaustion legacy is for mode art"


def _blind(p: MixtureParameters) -> Iterator[str]:
    """Yield what a blinded ensemble cannot have."""
    if p.blind != bool(p.sealed):
        yield "blind and sealed go together: kit.mu2e.sealing.seal writes the file"
    if p.blind and p.mode != "poisson":
        yield f"blind draws by poisson, not by {p.mode}"
    if p.blind and (p.pseudo_experiments or p.toys or p.step != "all"):
        yield "blind is for one ensemble in one go: no pseudo_experiments, no toys, step all"
