"""An axis of a scan as numbers: which registers it sets, and to what at each of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jinja2
import jinja2.sandbox
import numpy as np
import numpy.typing as npt
import yaml

from kit import wording
from kit.hgcroc.planning.dialects import SECTIONS, AxisText, sections
from kit.hgcroc.planning.documents import Document, Findings, parse, yaml_fault
from kit.hgcroc.planning.expansion import expand_key, laid_over, nested, update
from kit.hgcroc.registers import RegisterError, RegisterTable

__all__ = ["LEFT_ALONE", "Axis", "CheckRanges", "make_axis", "spread_axis"]

IntArray = npt.NDArray[np.int64]
CheckRanges = Literal["error", "warn", "off"]
TEMPLATE = "template value"  # the label of an axis whose numbers are no values of a register
LEFT_ALONE = -1  # a register that an axis sets at other steps, but not at this one
WIDEST = 2**31  # beyond any register, and any NumPy integer holds it
REGISTER_DEPTH = 4


@dataclass(frozen=True)
class Axis:
    """An axis of a scan.

    Attributes
    ----------
    label : str
        The name of what it changes.
    values : list
        What stands in the file for each step: whole numbers, or maps.
    index : ndarray of int64, shape (k,)
        The registers that it sets.
    settings : ndarray of int64, shape (steps, k)
        Their values at each step; `LEFT_ALONE` where a step does not set them.
    others : list of dict, or None
        Settings of the acquisition programs at each step (sections ``daq`` and ``client``), None without any.
    """

    label: str
    values: list[Any]
    index: IntArray
    settings: IntArray
    others: list[dict[str, Any]] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The values as numbers to draw against; the number of the step where a value is no number."""
        plain = [value if isinstance(value, int | float) else place for place, value in enumerate(self.values)]
        return np.array(plain, dtype=np.float64)


def make_axis(
    text: AxisText, table: RegisterTable, findings: Findings, check: CheckRanges = "error"
) -> Axis | None:
    """Return the axis that a text describes; None, and faults, where the board has no such thing."""
    before = len(findings.faults)
    if text.template is not None:
        axis = _template_axis(text, table, findings, check)
    elif any(isinstance(value, dict) for value in text.values) or (text.key or [None])[0] != "target":
        axis = _tree_axis(text, table, findings, check)
    else:
        axis = _register_axis(text, table, findings, check)
    if axis is None:
        return None
    for place in axis.index[table.read_only[axis.index]][:1]:
        findings.fault(text.spot("key"), f"{table.text_of(place)} is read only, an axis must be able to set it")
    return axis if len(findings.faults) == before else None


def spread_axis(axis: Axis, table: RegisterTable) -> Axis:
    """Return the axis with all registers that change with its own: channels follow HalfWise."""
    targets, source = table.spread(axis.index, np.arange(len(axis.index)))
    if not len(targets):
        return axis
    index = np.union1d(axis.index, targets)
    settings = np.full((len(axis), len(index)), LEFT_ALONE)
    settings[:, np.searchsorted(index, targets)] = axis.settings[:, source]
    own = np.searchsorted(index, axis.index)
    settings[:, own] = np.where(axis.settings != LEFT_ALONE, axis.settings, settings[:, own])
    return Axis(axis.label, axis.values, index, settings, axis.others)


def _register_axis(text: AxisText, table: RegisterTable, findings: Findings, check: CheckRanges) -> Axis | None:
    """Return an axis of one number a step, the same for all registers of its key."""
    paths = _paths(text, findings)
    if not paths:
        return None
    tree: dict[Any, Any] = {}
    for path in paths:
        if len(path) - ("sc" in path) <= REGISTER_DEPTH:  # target, ROC, block, number, name
            told = ".".join(map(str, path))
            findings.fault(text.spot("key"), f"{told} is no register: ROC, block, number and name are wanted")
            return None
        update(tree, nested(path[1:], 0))
    try:
        index, _ = table.leaves(tree, check_ranges=False)
    except RegisterError as error:
        for path, fault in error.faults:
            findings.fault(text.spot("key"), f"{'.'.join(map(str, path))}: {fault}")
        return None
    index = np.array(list(dict.fromkeys(index.tolist())), dtype=np.int64)  # all and a number may name the same
    if wide := [value for value in text.values if abs(value) > WIDEST]:
        findings.fault(text.spot("values"), f"has {wide[0]}, which no register holds")
        return None
    values = np.array(text.values, dtype=np.int64)
    _check_values(text, values, index, table, findings, check)
    name = table.path_of(int(index[0]))[3]
    return Axis(name, text.values, index, np.broadcast_to(values[:, None], (len(values), len(index))))


def _paths(text: AxisText, findings: Findings) -> list[tuple[Any, ...]]:
    for place, part in enumerate(text.key or []):
        words = part if isinstance(part, list) else [part]
        if bad := [word for word in words if isinstance(word, bool) or not isinstance(word, str | int)]:
            findings.fault(text.spot("key"), f"has {bad[0]!r} at position {place}, should be a name or a number")
            return []
    paths = expand_key(text.key or [])
    if not paths or not text.key:
        findings.fault(text.spot("key"), "fans out to nothing: an empty list stands in it")
        return []
    return paths


def _check_values(
    text: AxisText, values: IntArray, index: IntArray, table: RegisterTable, findings: Findings, check: CheckRanges
) -> None:
    """Note the first value that a register of the axis cannot hold."""
    if check == "off" or not len(values):
        return
    least = index[np.argmin(table.maximum[index])]
    bad = values[(values < 0) | (values > table.maximum[least])]
    if len(bad):
        told = f"{table.text_of(int(least))} {table.value_fault(int(least), int(bad[0]))}"
        _note(findings, check, text.spot(_where(text)), f"{told} ({len(bad)} of {len(values)} values)")


def _where(text: AxisText) -> str:
    return "values" if text.keys and "values" in _at(text.document, text.keys) else "range"


def _at(document: Document, keys: tuple[Any, ...]) -> Any:
    content = document.content
    for key in keys:
        content = content[key]
    return content


def _note(findings: Findings, check: CheckRanges, spot: str, told: str) -> None:
    (findings.fault if check == "error" else findings.warn)(spot, told)


def _tree_axis(text: AxisText, table: RegisterTable, findings: Findings, check: CheckRanges) -> Axis | None:
    """Return an axis whose steps lay a map below the key, or set something that is no register."""
    paths = _paths(text, findings)
    trees = [laid_over([nested(path, value) for path in paths]) for value in text.values]
    if not paths:
        return None
    name = str(paths[0][-1])
    return _from_trees(text, name, [{}] * len(trees), trees, table, findings, check)


def _template_axis(text: AxisText, table: RegisterTable, findings: Findings, check: CheckRanges) -> Axis | None:
    """Return an axis of filled-in texts; below all of them lie the defaults of all values."""
    defaults = _rendered(text, "default", findings)
    trees = _rendered(text, "template", findings)
    if defaults is None or trees is None:
        return None
    under = laid_over(defaults)
    return _from_trees(text, "", [under] * len(trees), trees, table, findings, check)


def _rendered(text: AxisText, which: str, findings: Findings) -> list[dict[Any, Any]] | None:
    environment = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    trees = []
    for value in text.values:
        try:
            filled = environment.from_string(getattr(text, which) or "").render(value=value)
            tree = parse(filled)
        except jinja2.TemplateError as fault:
            findings.fault(text.spot(which), f"with value {value!r}: {fault.message}")
            return None
        except yaml.YAMLError as fault:
            findings.fault(text.spot(which), f"with value {value!r}{yaml_fault(fault)}")
            return None
        if not isinstance(tree, dict | None):
            findings.fault(
                text.spot(which), f"with value {value!r}: is {wording.short(repr(tree))}, should be a map"
            )
            return None
        layer = sections("template", text.document, (*text.keys, which), tree or {}, findings)
        trees.append(layer.tree)
    return trees


def _from_trees(
    text: AxisText,
    label: str,
    under: list[dict[Any, Any]],
    trees: list[dict[Any, Any]],
    table: RegisterTable,
    findings: Findings,
    check: CheckRanges,
) -> Axis | None:
    """Return the axis whose steps are `trees` of sections, each laid over the one `under` it."""
    steps: list[dict[int, int]] = []
    laid = laid_leaves(text, under[0], table, findings, check) if under else {}
    for tree in trees:
        leaves = laid_leaves(text, tree, table, findings, check)
        if laid is None or leaves is None:
            return None
        steps.append(laid | leaves)
    index = np.array(sorted(set().union(*steps)), dtype=np.int64)
    settings = np.full((len(steps), len(index)), LEFT_ALONE)
    for row, leaves in zip(settings, steps, strict=True):
        row[np.searchsorted(index, list(leaves))] = list(leaves.values())
    others = None
    if any(tree.get(section) for tree in (*under[:1], *trees) for section in SECTIONS[1:]):
        parts = [(_without_target(below), _without_target(tree)) for below, tree in zip(under, trees, strict=True)]
        others = [laid_over(pair) for pair in parts]
    return Axis(label or _register_of(text.values, index, settings, table), text.values, index, settings, others)


def _register_of(values: Sequence[Any], index: IntArray, settings: IntArray, table: RegisterTable) -> str:
    """Return the register that a template's values stand for; its numbers may be something else, as a channel."""
    names = np.array([table.path_of(int(place))[3] for place in index], dtype=object)
    if not len(names):
        return "daq"
    if not all(isinstance(value, int) for value in values):
        return str(names[0])
    for name in dict.fromkeys(names):
        if (settings[:, names == name].max(axis=1) == np.array(values)).all():
            return str(name)
    return TEMPLATE


def laid_leaves(
    text: AxisText, tree: Mapping[str, Any], table: RegisterTable, findings: Findings, check: CheckRanges
) -> dict[int, int] | None:
    """Return the registers in the section target of a tree and their values; None and faults if it has others."""
    which = "template" if text.template is not None else "key"
    try:
        index, value = table.leaves(tree.get("target", {}), check_ranges=check == "error")
    except RegisterError as error:
        for path, fault in error.faults:
            findings.fault(text.spot(which), f"{'.'.join(map(str, path))}: {fault}")
        return None
    if check == "warn":
        for place in np.flatnonzero(value > table.maximum[index])[:1]:
            told = table.value_fault(int(index[place]), int(value[place]))
            findings.warn(text.spot(which), f"{table.text_of(int(index[place]))}: {told}")
    return dict(zip(index.tolist(), value.tolist(), strict=True))


def _without_target(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {section: below for section, below in tree.items() if section != "target"}
