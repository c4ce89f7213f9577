"""What the settings of an acquisition server, in either dialect, ask of the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.messages import MessageError

__all__ = ["RunPlan", "current_plan", "data_port", "legacy_plan"]

HEADER_AHEAD = 6  # BX; real headers tell 44 where the sequence has its L1A at 38
MOST_EVENTS = 10**7
USUAL_EVENTS = 1000

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class RunPlan:
    """What a run asks of the board: triggers, their number, and the bunch crossing that headers tell."""

    trigger: Trigger
    events: int
    bunch_counter: int | None  # None: at random
    dialect: str


def legacy_plan(daq: Settings) -> tuple[RunPlan, str]:
    """Return what `daq` of dialect 0.1.2 asks for, and a warning where the emulator had to choose.

    Raises
    ------
    MessageError
        If the number of events or the generators are not what they should be.
    """
    events = _events(daq, "daq.NEvents")
    generators = [each for each in daq.get("l1a_generator_settings") or [] if isinstance(each, Mapping)]
    enabled = [each for each in generators if _number(each, "enable", 0) == 1]
    pulses = [each for each in enabled if each.get("flavor") == "CALPULINT"]
    triggers = [each for each in generators if str(each.get("flavor", "")).startswith("L1A")]
    if pulses:
        following = [each for each in triggers if each.get("followMode") == pulses[0].get("name")]
        if chosen := following or [each for each in triggers if each in enabled]:
            bunch = _number(chosen[0], "BX", 0)
            trigger = Trigger(pulsed=True, distance=bunch - _number(pulses[0], "BX", 0))
            return RunPlan(trigger, events, bunch + HEADER_AHEAD, "legacy"), ""
        warning = "a pulse without any L1A that follows it: random triggers instead"
        return RunPlan(Trigger(), events, None, "legacy"), warning
    randomly = _number(daq.get("l1a_enables") or {}, "random_l1a", 0) == 1
    if not enabled and not randomly:
        return RunPlan(
            Trigger(), events, None, "legacy"
        ), "no source of triggers is enabled: random triggers instead"
    fixed = [each for each in enabled if each in triggers]
    counter = None if randomly or not fixed else _number(fixed[0], "BX", 0) + HEADER_AHEAD
    return RunPlan(Trigger(), events, counter, "legacy"), ""


def current_plan(daq: Settings) -> tuple[RunPlan, str]:
    """Return what the active menu of dialect 1.0.15 asks for, and a warning where the emulator had to choose.

    Raises
    ------
    MessageError
        If there is no active menu, or it is not what it should be.
    """
    name = str(daq.get("active_menu", ""))
    menus = daq.get("menus") or {}
    menu = menus.get(name)
    if not isinstance(menu, Mapping):
        message = f"the active menu {name!r} is not among the menus {', '.join(map(str, menus)) or '(none)'}"
        raise MessageError(message)
    events = _events(menu, f"daq.menus.{name}.NEvents")
    if name.startswith("calibAndL1A"):
        bunch = _number(menu, "bxL1A", 32)
        trigger = Trigger(pulsed=True, distance=bunch - _number(menu, "bxCalib", 10))
        return RunPlan(trigger, events, bunch + HEADER_AHEAD, "current"), ""
    warning = "" if name.startswith("randomL1A") else f"menu {name} is not emulated: random triggers instead"
    return RunPlan(Trigger(), events, None, "current"), warning


def data_port(settings: Settings, key: str) -> int | None:
    """Return the port that settings name, as a number or as text; None where they name none.

    Raises
    ------
    MessageError
        If it is no port.
    """
    if settings.get(key) is None:
        return None
    return _number(settings, key, 0, top=65535)


def _events(settings: Settings, path: str) -> int:
    value = _number(settings, "NEvents", USUAL_EVENTS, top=MOST_EVENTS)
    if value < 1:
        message = f"{path} is {value}, should be from 1 to {MOST_EVENTS}"
        raise MessageError(message)
    return value


def _number(settings: Settings, key: str, default: int, top: int = 1 << 40) -> int:
    told = settings.get(key, default)
    try:
        value = int(told, 0) if isinstance(told, str) else int(told)
    except (TypeError, ValueError) as fault:
        message = f"{key} is {told!r}, should be a whole number"
        raise MessageError(message) from fault
    if not 0 <= value <= top:
        message = f"{key} is {value}, should be from 0 to {top}"
        raise MessageError(message)
    return value
