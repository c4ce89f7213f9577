"""Which objects and events count: the parameters that `events` and `masses` share."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from kit.files import adler32, resolve
from kit.opendata.combinations import STATE_ORDER
from kit.opendata.wishes import Wish
from kit.parameters import Parameters, parameter

__all__ = ["ETA_MAX", "PT_MIN", "Selection", "rising", "selection_hash"]

PT_MIN = {"e": 25.0, "m": 25.0, "j": 30.0, "g": 25.0, "t": 20.0}  # GeV
ETA_MAX = {"e": 2.47, "m": 2.5, "j": 4.5, "g": 2.37, "t": 2.5}

Letter = Literal["e", "m", "j", "g", "t", "b"]
SchemaName = Literal[
    "auto", "2024r-pp", "2020e-13tev", "2025e-13tev-beta", "2016e-8tev", "nanoaod", "2024r-hi", "skim"
]


with warnings.catch_warnings():
    # pydantic has a method `schema`, long deprecated; users know the parameter by this name
    warnings.filterwarnings("ignore", 'Field name "schema"', UserWarning)

    class Selection(Parameters):
        """Inputs, object cuts and event selection, as `events` and `masses` share them."""

        inputs: list[str] = parameter(
            ["demo"], "files, patterns and addresses; demo stands for generated ones", min_length=1
        )
        max_files: int | None = parameter(
            None, "use only the first so many files, before they are shared among jobs", ge=1
        )
        job: int = parameter(1, "which share of the inputs this job takes", ge=1)
        jobs: int = parameter(1, "number of shares", ge=1)
        workers: int = parameter(1, "processes side by side", ge=1)
        schema: SchemaName = parameter(  # type: ignore[assignment]
            "auto", "what the files are said to be; their content decides"
        )
        unit: Literal["auto", "GeV", "MeV"] = parameter(
            "auto", "unit of momenta, for trees that do not tell their own"
        )
        objects: list[Letter] | Literal["auto"] = parameter(
            "auto",
            "types in use: e, m, j, g, t for electrons, muons, jets, photons, taus; "
            "auto takes those that a file has",
        )
        pt_min: dict[str, float] = parameter(PT_MIN, "smallest pT by type; without an entry no cut", unit="GeV")
        eta_max: dict[str, float] = parameter(ETA_MAX, "largest pseudorapidity by type; without an entry no cut")
        relative_isolation_max: float | None = parameter(
            None, "cone sum over pT that electrons must stay below", gt=0
        )
        b_tag: bool = parameter(False, "split jets into those of b quarks and all others")
        b_threshold: float | None = parameter(None, "smallest score of a b-jet; none takes that of the release")
        overlap_removal: bool = parameter(False, "of objects that are one seen twice, keep one (arXiv:1606.03903)")
        deduplicate: bool = parameter(
            False, "count an event that comes twice once, the first in order of the files"
        )
        veto_list: str | None = parameter(
            None, "veto.json of a run of events over all files, which several jobs need to deduplicate"
        )
        triggers: list[str] = parameter([], "branches of triggers, any of which must have fired; none where empty")
        weights: Literal["off", "mc"] = parameter("off", "weigh simulated events as collisions of a luminosity")
        luminosity: float | None = parameter(
            None, "of the collisions compared with; none takes that of the release", unit="fb⁻¹", gt=0
        )
        scale_factors: list[str] | Literal["auto"] = parameter(
            "auto", "corrections that weights contain, such as ELE; auto takes those of the release"
        )
        sample: Literal["auto", "data", "simulation"] = parameter(
            "auto", "what the files hold; auto takes what the catalogue tells"
        )
        cross_section: float | None = parameter(
            None, "of what is simulated, where neither file nor catalogue tells", unit="pb", gt=0
        )
        sum_of_weights: float | None = parameter(
            None, "of all generated events, where neither file nor catalogue tells"
        )
        catalogue: str | None = parameter(None, "catalogue.json that tells of inputs what they hold")
        max_count: int = parameter(4, "most objects of one type in an event", ge=1, le=9)
        jets_above_max: Literal["reject", "cap"] = parameter("reject", "what becomes of events with more jets")
        final_state_types: list[int] = parameter([1, 4], "fewest and most types present in an event")

        effort: ClassVar[frozenset[str]] = Parameters.effort | {"retries", "max_failed_fraction"}

        def named_inputs(self) -> list[str]:
            """Return the files that are read."""
            return [*self.inputs, *filter(None, (self.veto_list, self.catalogue))]

        NOT_SELECTING: ClassVar[frozenset[str]] = frozenset(
            {
                "inputs",
                "schema",
                "max_files",
                "job",
                "jobs",
                "workers",
                "output",
                "interactive",
                "catalogue",
                "veto_list",
            }
        )

        @field_validator("objects")
        @classmethod
        def _some_objects(cls, objects: list[str] | str) -> list[str] | str:
            if not objects or len(set(objects)) < len(objects):
                message = f"is {objects}, should name each type once, or be auto"
                raise ValueError(message)
            return objects

        @field_validator("pt_min", "eta_max")
        @classmethod
        def _cuts_by_type(cls, cuts: dict[str, float]) -> dict[str, float]:
            faults = [
                f"{letter} is no type, should be one of {' '.join(STATE_ORDER)}"
                for letter in cuts
                if letter not in STATE_ORDER
            ]
            faults += [f"{letter} is {value}, below 0.0" for letter, value in cuts.items() if value < 0]
            if faults:
                raise ValueError("; ".join(faults))
            return cuts

        @field_validator("final_state_types")
        @classmethod
        def _rising_types(cls, types: list[int]) -> list[int]:
            return rising(types)

        def contradictions(self) -> Iterator[str]:
            """Yield what does not fit together."""
            if self.job > self.jobs:
                yield f"job is {self.job}, above jobs, {self.jobs}"
            if self.deduplicate and self.jobs > 1 and not self.veto_list:
                yield "veto_list is None, but deduplicate with several jobs needs that of a run over all files"
            if self.veto_list and not self.deduplicate:
                yield f"veto_list is {self.veto_list}, but deduplicate is False"
            if self.b_tag and self.objects != "auto" and "j" not in self.objects:
                yield f"b_tag is True, but objects, {self.objects}, are without jets, j"
            if self.b_tag and self.objects != "auto" and "b" in self.objects:
                yield f"b_tag is True, which makes b of j; objects, {self.objects}, should be without b"
            if self.weights == "off" and (self.luminosity or self.scale_factors != "auto"):
                yield "weights is off, so luminosity and scale_factors should not be set"

        def selecting(self) -> dict[str, Any]:
            """Return the values that decide what is counted, whoever counts it and in how many pieces."""
            values = {name: value for name, value in self.model_dump().items() if name not in self.NOT_SELECTING}
            if self.veto_list and Path(resolve(self.veto_list)).is_file():
                values["vetoed"] = adler32(resolve(self.veto_list))
            return values

        @property
        def wish(self) -> Wish:
            """What is read of files for the options that are on."""
            factors = None if self.scale_factors == "auto" else tuple(self.scale_factors)
            return Wish(
                isolation=self.relative_isolation_max is not None,
                b_tag=self.b_tag,
                tracks=self.overlap_removal,
                triggers=tuple(self.triggers),
                weights=self.weights == "mc",
                factors=factors,
            )


def rising(types: list[int]) -> list[int]:
    """Return `types` if it is a smallest and a largest number of types, else raise a ValueError."""
    if len(types) != 2 or not 1 <= types[0] <= types[1] <= len(STATE_ORDER):
        message = f"is {types}, should be two rising numbers from 1 to {len(STATE_ORDER)}"
        raise ValueError(message)
    return types


def selection_hash(p: Selection) -> str:
    """Return 16 hexadecimal digits that agree for parameters with the same `Selection.selecting` values."""
    text = json.dumps(p.selecting(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
