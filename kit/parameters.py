"""What a parameter is: a name with a type, a default, a unit, a meaning and bounds.

One frozen class per stage is the single source. The cell of its notebook, YAML files and the command
line all speak its names; a name that it does not know is refused with a suggestion, and all faults are
told at once. The defaults of a class are its demo.
"""

from __future__ import annotations

import ast
import difflib
import html
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from kit import addresses, wording
from kit.faults import fault_text

__all__ = ["ParameterError", "Parameters", "model_named", "parameter", "read_yaml", "refusal"]

NOT_COMPARED = ("output", "interactive")  # what every stage has: where it is written, who watches
LITERALS = (str, int, float, bool, list, dict, tuple, type(None))


class ParameterError(ValueError):
    """A value or a name that cannot be used; says which, what it is and what it should be."""

    faults: tuple[str, ...] = ()  # one by one, each begins with the name it is about


def parameter(default: Any, meaning: str, *, unit: str = "", **bounds: Any) -> Any:
    """Declare one parameter of a stage.

    Parameters
    ----------
    default : str, int, float, bool, None, list or dict
        The value of the demo; what a notebook's cell can say without an import.
    meaning : str
        A few words; shown beside the value in cells, tables, forms and help.
    unit : str
        Unit of the value, as it is printed.
    **bounds
        Pydantic's words: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``max_length``.

    Raises
    ------
    ValueError
        If a sign occurs at which papermill stops reading the line of the cell.
    """
    if any(sign in wording.literal(default) + meaning + unit for sign in "=#\n"):
        message = f"default {default!r}, meaning {meaning!r} and unit must do without '=', '#' and line breaks"
        raise ValueError(message)
    extra: dict[str, Any] | None = {"unit": unit} if unit else None
    if isinstance(default, list | dict):
        return Field(default_factory=default.copy, description=meaning, json_schema_extra=extra, **bounds)
    return Field(default=default, description=meaning, json_schema_extra=extra, **bounds)


class Parameters(BaseModel):
    """The parameters of a stage; subclasses add theirs with `parameter`.

    `effort` names those that change how much a run costs but not what comes out: a run may go on with others.
    """

    effort: ClassVar[frozenset[str]] = frozenset({"workers"})

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=True,
        allow_inf_nan=False,
        protected_namespaces=(),  # a foreign notebook may say model_name
    )

    output: str = parameter("", "folder to write to; empty makes a new one below outputs")
    interactive: bool = parameter(True, "a person is watching; false in batch, where panels become pictures")

    @classmethod
    def build(cls, values: Mapping[str, Any], where: str = "parameters") -> Self:
        """Return checked parameters.

        Raises
        ------
        ParameterError
            Naming `where` and every value and name that cannot be used.
        """
        values = {name: wording.plain(value) for name, value in values.items()}
        try:
            return cls(**values)
        except ValidationError as error:
            found = error.errors()
        faults = [text for fault in found for text in fault_text(cls.model_fields, fault, values).split("\n")]
        secrets = [text for name, value in values.items() for text in addresses.secrets_in(name, value)]
        raise refusal(where, [*faults, *secrets, *cls._contradictions_beside(found, values)])

    def named_inputs(self) -> list[str]:
        """Return the paths, patterns and addresses of the files that are read; ``demo`` stands for made ones.

        They are looked for before a kernel starts. Stages that call them otherwise than ``inputs`` say so here.
        """
        named = getattr(self, "inputs", None)
        return [named] if isinstance(named, str) and named else list(named) if isinstance(named, list) else []

    def examine(self) -> None:
        """Raise if what the values name is there but cannot be used; stages that can tell at once do so here.

        It is asked before a kernel or a job starts.
        """

    def contradictions(self) -> Iterator[str]:
        """Yield what is wrong with values that are good each by itself; stages that have such rules add theirs."""
        yield from ()

    @model_validator(mode="after")
    def _without_contradictions(self) -> Self:
        secrets = [text for name, value in self.__dict__.items() for text in addresses.secrets_in(name, value)]
        if faults := [*secrets, *self.contradictions()]:
            raise ValueError("\n".join(faults))
        return self

    @classmethod
    def _contradictions_beside(cls, found: Sequence[Any], values: Mapping[str, Any]) -> list[str]:
        """Return the contradictions among the good values, where others have faults: all are told at once."""
        bad = {str(fault["loc"][0]) for fault in found if fault["loc"]}
        if not bad:
            return []
        good = {name: value for name, value in values.items() if name in cls.model_fields and name not in bad}
        told = cls.model_construct(**good).contradictions()  # the others have their defaults
        return [text for text in told if not bad & set(re.findall(r"\w+", text))]

    @classmethod
    def from_cell(cls, namespace: Mapping[str, Any]) -> Self:
        """Return the parameters that a notebook's tagged cell, and papermill after it, has set.

        A live notebook has many other names; only those that look like a misspelt parameter are refused.
        """
        fields, where = cls.model_fields, "parameters cell"
        values = {name: namespace[name] for name in fields if name in namespace}
        strangers = [
            name
            for name, value in namespace.items()
            if name not in fields and not name.startswith("_") and isinstance(value, LITERALS)
        ]
        faults = [
            f"{name} is not known (did you mean {near[0]}?)"
            for name in strangers
            if (near := difflib.get_close_matches(name, fields, n=1, cutoff=0.85))
        ]
        if faults:
            raise refusal(where, faults)
        return cls.build(values, where)

    @classmethod
    def from_text(cls, name: str, text: str) -> Any:
        """Return what `text`, from a command line or a form, means for parameter `name`."""
        field = cls.model_fields.get(name)
        return wording.parse_text(field.annotation, text) if field else wording.scalar(text)

    def compared(self) -> dict[str, Any]:
        """Return the values that decide the result: not where it is written, who watches, or the effort."""
        return {
            name: value for name, value in self.model_dump().items() if name not in {*NOT_COMPARED, *self.effort}
        }

    def changed(self) -> dict[str, Any]:
        """Return the values that differ from the defaults."""
        defaults = type(self)().model_dump()
        return {name: value for name, value in self.model_dump().items() if value != defaults[name]}

    def with_values(self, **values: Any) -> Self:
        """Return a new, checked set in which `values` replace those of this one."""
        return self.build({**self.model_dump(), **values})

    @classmethod
    def declared(cls) -> Iterator[tuple[str, FieldInfo]]:
        """Yield name and declaration of each parameter, those that every stage has at the end."""
        yield from (item for item in cls.model_fields.items() if item[0] not in NOT_COMPARED)
        yield from ((name, cls.model_fields[name]) for name in NOT_COMPARED)

    @classmethod
    def cell(cls) -> str:
        """Return the source of the notebook cell tagged ``parameters``."""
        defaults = cls()
        return "\n".join(
            f"{name}: {wording.annotation_text(field.annotation)}"
            f" = {wording.literal(getattr(defaults, name))}"
            f"  # {wording.explain(field)}"
            for name, field in cls.declared()
        )

    def _repr_html_(self) -> str:
        """Return a table with values, units and meanings; what differs from the default is bold."""
        changed = self.changed()
        rows = []
        for name, field in self.declared():
            value = html.escape(wording.literal(getattr(self, name)))
            cells = [
                f"<code>{name}</code>",
                f"<b>{value}</b>" if name in changed else value,
                html.escape(wording.unit_of(field)),
                html.escape(field.description or ""),
            ]
            rows.append("".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells))
        heads = "".join(
            f"<th style='text-align:left'>{word}</th>" for word in ("parameter", "value", "unit", "meaning")
        )
        return f"<table><tr>{heads}</tr><tr>" + "</tr><tr>".join(rows) + "</tr></table>"


def refusal(where: str, faults: list[str]) -> ParameterError:
    """Return one error that tells all `faults` of the values that came from `where`."""
    faults = list(dict.fromkeys(map(addresses.masked, faults)))
    several = f"{len(faults)} values cannot be used:\n  "
    error = ParameterError(f"{where}: {several if len(faults) > 1 else ''}" + "\n  ".join(faults))
    error.faults = tuple(faults)
    return error


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the flat map of values that a parameter file holds.

    Raises
    ------
    ParameterError
        With file and line, where it is not YAML, not a map, or names something twice.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=wording.Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, OSError) as fault:
        mark = getattr(fault, "problem_mark", None)
        spot = f":{mark.line + 1}" if mark else ""
        problem = getattr(fault, "problem", None) or getattr(fault, "strerror", None) or fault
        message = f"{path}{spot}: {problem}; should be YAML, one `name: value` a line"
        raise ParameterError(message) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        message = f"{path}: holds a {type(values).__name__}, should be a map, one `name: value` a line"
        raise ParameterError(message)
    if strange := [name for name in values if not isinstance(name, str)]:
        message = f"{path}: {strange[0]!r} stands where a name should be"
        raise ParameterError(message)
    return values


def model_named(source: str) -> type[Parameters] | None:
    """Return the class that a notebook's cell takes its parameters from, or None.

    Parameters
    ----------
    source : str
        Source of the cell after the tagged one: it imports a class and calls its ``from_cell``. Only the
        import is followed, nothing of the cell is run.

    Raises
    ------
    ParameterError
        If the kit has no such class. A class of others may be known to their kernel alone: None.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    called = {
        node.func.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "from_cell"
        and isinstance(node.func.value, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) in called:
                    return _imported(node.module, alias.name)
    return None


def _imported(module: str, name: str) -> type[Parameters] | None:
    try:
        model = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as fault:
        if module.partition(".")[0] != "kit":
            return None
        message = f"{name} cannot be imported from {module}: {fault}"
        raise ParameterError(message) from None
    return model if isinstance(model, type) and issubclass(model, Parameters) else None
