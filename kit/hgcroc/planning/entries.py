"""One entry of a library as a procedure: what each dialect calls things, and what it must and may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit.hgcroc.planning.dialects import SECTIONS, AxisText, Layer, Procedure, sections
from kit.hgcroc.planning.documents import Findings, Mapped, load

__all__ = ["read_current", "read_legacy"]


def read_legacy(entry: Mapped, *, deep: bool = True) -> Procedure:
    """Return a procedure of dialect 0.1.2; without `deep` the files that it names are not opened."""
    findings, folder = entry.findings, entry.document.path.parent
    name = entry.take("name", str, "text")
    target = entry.below("target_settings")
    layers: list[Layer | None] = []
    for kind, key in (("default", "power_on_default"), ("init", "initial_config")):
        path = target.take(key, str, "the path of a YAML file")
        if path and deep:
            layers.append(_file_layer(kind, folder / path, findings, target.spot([key]), only="target"))
    daq = entry.below("daq_settings")
    path = daq.take("default", str, "the path of a YAML file")
    if path and deep:
        layers.insert(1, _file_layer("default", folder / path, findings, daq.spot(["default"]), only="daq"))
    for key, section in (("server_override", "daq"), ("client_override", "client")):
        if tree := daq.take(key, dict, "a map or nothing", {}):
            root = (*daq.keys, key)
            layers.append(Layer("override", entry.document, {section: root}, {section: tree}))
    calibration = entry.take("calibration", str, "the name of an analysis", "")
    axes = [_legacy_axis(axis) for axis in _axes(entry, required=True)]
    return Procedure(
        name=str(name),
        dialect="0.1.2",
        spot=entry.spot(()),
        layers=[layer for layer in layers if layer],
        axes=axes,
        calibrations=[calibration] if calibration else [],
        data_format="characterisation",
    )


def read_current(entry: Mapped, *, deep: bool = True) -> Procedure:
    """Return a procedure of dialect 1.0.15; without `deep` the files that it names are not opened."""
    name = entry.take("name", str, "text")
    entry.take("type", str, "daq")
    system = entry.below("system_settings")
    layers: list[Layer | None] = []
    for kind in ("default", "init"):
        for keys, path in _paths(system, kind, required=kind == "default"):
            if deep:
                found = entry.document.path.parent / path
                layers.append(_file_layer(kind, found, entry.findings, system.spot(keys)))
    if override := system.take("override", dict, "a map", {}):
        layers.append(sections("override", entry.document, (*system.keys, "override"), override, entry.findings))
    system.refuse_others()
    calibration = entry.take("calibration", (str, list), "the name of an analysis or a list of names", [])
    procedure = Procedure(
        name=str(name),
        dialect="1.0.15",
        spot=entry.spot(()),
        layers=[layer for layer in layers if layer],
        axes=[_current_axis(axis) for axis in _axes(entry, required=False)],
        repeat=_repeat(entry),
        merge=bool(entry.take("merge", bool, "true or false", True)),
        mode="full" if entry.choose("mode", ("summary", "full"), "summary") == "full" else "summary",
        data_format=entry.choose("data_format", ("raw", "characterisation"), "raw"),
        start_tdc=bool(entry.take("run_start_tdc_procedure", bool, "true or false", False)),
        calibrations=[calibration] if isinstance(calibration, str) else list(calibration or []),
        data_columns=entry.take("data_columns", list, "a list of columns", []) or [],
    )
    entry.refuse_others()
    return procedure


def _repeat(entry: Mapped) -> int:
    repeat = entry.take("repeat", int, "a whole number from 1", 1)
    if repeat is not None and repeat < 1:
        entry.fault(["repeat"], f"is {repeat}, should be at least 1")
        return 1
    return repeat or 1


def _paths(system: Mapped, kind: str, *, required: bool) -> list[tuple[list[Any], str]]:
    """Return key path and value of each path; text alone is a list of one, which the original crashes at."""
    words = "a list of paths of YAML files"
    value = system.take(kind, (list, str), words) if required else system.take(kind, (list, str), words, [])
    if isinstance(value, str):
        return [([kind], value)]
    found = []
    for place, path in enumerate(value or []):
        if isinstance(path, str):
            found.append(([kind, place], path))
        else:
            system.fault([kind, place], f"is {path!r}, should be the path of a YAML file")
    return found


def _file_layer(kind: str, path: Path, findings: Findings, spot: str, only: str = "") -> Layer | None:
    document = load(path, findings, spot)
    if document is None or document.content is None:
        return None
    if not isinstance(document.content, dict):
        findings.fault(document.spot(), f"is a {type(document.content).__name__}, should be a map")
        return None
    if only == "daq":  # what 0.1.2 calls daq settings: both programs, perhaps one level down
        root = ("daq",) if isinstance(document.content.get("daq"), dict) else ()
        content = document.content["daq"] if root else document.content
        tree = {name: content.get(key) or {} for name, key in (("daq", "server"), ("client", "client"))}
        return Layer(kind, document, {"daq": (*root, "server"), "client": (*root, "client")}, tree)
    return sections(kind, document, (), document.content, findings, warn=not only)


def _axes(entry: Mapped, *, required: bool) -> list[Mapped]:
    words = "a list of axes"
    axes = entry.take("parameters", list, words) if required else entry.take("parameters", list, words, [])
    keys = (*entry.keys, "parameters")
    return [Mapped(entry.document, (*keys, place), entry.findings) for place in range(len(axes or []))]


def _legacy_axis(axis: Mapped) -> AxisText:
    key = axis.take("key", list, "a list such as [roc_s0, Top, 0, phase_strobe]") or []
    values = _range(axis.below("range")) if axis.content.get("range") is not None else None
    if values is None and "range" not in axis.content:
        axis.fault((), "has no range, should have one: {start, stop, step}")
    return AxisText(axis.document, axis.keys, values or [], key=["target", *key] if key else [])


def _current_axis(axis: Mapped) -> AxisText:
    values = _values(axis)
    if "template" in axis.content:
        template = axis.take("template", str, "text")
        default = axis.take("default", str, "text", "")
        axis.refuse_others()
        return AxisText(axis.document, axis.keys, values, template=template or "", default=default)
    key = axis.take("key", list, "a list such as [target, roc_s0, Top, 0, phase_strobe], or a template") or []
    first = key[0] if key else None
    if isinstance(first, list):
        axis.fault(["key", 0], f"is {first!r}, should be target or daq")
    elif key and first not in SECTIONS:
        axis.findings.warn(axis.spot(["key"]), "begins without target or daq; target is added")
        key = ["target", *key]
    axis.refuse_others()
    return AxisText(axis.document, axis.keys, values, key=key)


def _values(axis: Mapped) -> list[Any]:
    values = axis.take("values", (dict, list), "{start, stop, step} or a list of whole numbers and maps")
    if isinstance(values, dict):
        return _range(axis.below("values")) or []
    for place, value in enumerate(values or []):
        if isinstance(value, bool) or not isinstance(value, int | dict):
            axis.fault(["values", place], f"is {value!r}, should be a whole number or a map")
            return []
    if values is not None and not values:
        axis.fault(["values"], "is empty: the scan would have no points")
    return values or []


def _range(limits: Mapped) -> list[int] | None:
    """Return the numbers of a range, the stop excluded."""
    word = "a whole number"
    stop = limits.take("stop", int, word)
    start, step = limits.take("start", int, word, 0), limits.take("step", int, word, 1)
    limits.refuse_others()
    if stop is None:
        return None
    if step == 0:
        limits.fault(["step"], "is 0, should be above or below")
        return None
    numbers = list(range(start, stop, step))
    if not numbers:
        limits.fault((), f"is an empty range: from {start} to {stop}, the stop excluded, in steps of {step}")
    return numbers
