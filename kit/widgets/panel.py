"""The base of every panel and of its pieces: faults in words, and a picture where nobody can click.

A front end swallows what goes wrong in a click; here it appears in the panel. A notebook that runs in batch, or
is read later without a kernel, shows the panel's static form.
"""

from __future__ import annotations

import functools
import html
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, ParamSpec, TypeVar

import ipywidgets
import traitlets

from kit.widgets.look import Words, hooked, style_sheet

__all__ = ["Panel", "told"]

Inputs = ParamSpec("Inputs")
Result = TypeVar("Result")

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class _Whole(traitlets.traitlets.MetaHasTraits):
    """Marks a panel once it is built, down to the last line of the last ``__init__``."""

    def __call__(self, *values: Any, **named: Any) -> Any:
        panel = super().__call__(*values, **named)
        panel.built = True
        return panel


class Panel(ipywidgets.VBox, metaclass=_Whole):
    """Pieces one below the other, with a line for what went wrong.

    Parameters
    ----------
    children : iterable of widgets
        Pieces and controls, from top to bottom.
    hook : str
        Class of the panel in the page, such as ``kit-form``.
    interactive : bool
        Whether a person can click; where not, work is done at once, faults are raised, and the panel shows its
        static form alone.

    Attributes
    ----------
    fault : BaseException or None
        The latest fault, None once all is well again; ``raise panel.fault`` in a cell shows its trace.
    kept : tuple of str
        Traits, and attributes that are panels themselves, whose values are worth keeping, in the order in which
        they are put back.
    """

    kept: ClassVar[tuple[str, ...]] = ()
    built = False
    error = traitlets.Unicode(help="what is wrong, in words; empty when nothing is")

    def __init__(self, children: Iterable[Any] = (), *, hook: str = "", interactive: bool = True) -> None:
        self.interactive = interactive
        self.fault: BaseException | None = None
        self._faults: dict[object, str] = {}
        self._telling = threading.RLock()
        self._complaint = Words("kit-error", role="alert")
        self._busy = Words("kit-busy", role="status")
        super().__init__(layout={"grid_gap": "4px"})
        self.contain(*children)
        traitlets.dlink((self, "error"), (self._complaint, "text"))
        hooked(self, "kit-panel", *([hook] if hook else []))

    def __del__(self) -> None:
        """Leave the front end; what could not be built has no pieces to close, and no second fault to tell."""
        if self.built:
            self.close()
        else:
            super().close()

    def contain(self, *widgets: Any) -> None:
        """Put `widgets` into the panel, from top to bottom, in place of what it has held."""
        self.children: tuple[Any, ...] = (style_sheet(), *widgets, self._busy, self._complaint)

    def guarded(self, action: Callable[Inputs, Result], key: object = None) -> Callable[Inputs, Result | None]:
        """Return `action` such that what it raises goes to `error`; the next time it goes well clears that.

        For what a front end calls: handlers of clicks and observers of traits. `key` stands for the action where
        others shall clear its fault, too.
        """
        key = object() if key is None else key

        @functools.wraps(action)
        def guard(*values: Inputs.args, **named: Inputs.kwargs) -> Result | None:
            try:
                result = action(*values, **named)
            except Exception as fault:
                self.complain(key, fault)
                if not self.interactive:
                    raise
                return None
            self.complain(key, None)
            return result

        return guard

    def complain(self, key: object, fault: BaseException | None) -> None:
        """Show what has gone wrong in the place that `key` stands for, or, with None, that it is well again."""
        with self._telling:
            if fault is None:
                self._faults.pop(key, None)
                self.fault = self.fault if self._faults else None
            else:
                self._faults[key], self.fault = told(fault), fault
            self.error = "\n".join(dict.fromkeys(self._faults.values()))

    def button(self, words: str, action: Callable[[], object], meaning: str, **options: Any) -> Any:
        """Return a button that does `action`; what that raises goes to `error`, which each click clears first.

        While it works the panel says so: a kernel that is busy hears no other click.
        """
        button = ipywidgets.Button(description=words, tooltip=meaning, layout={"width": "auto"}, **options)
        act = self.guarded(action)

        def click(_button: Any) -> None:
            with self._telling:
                self._faults.clear()
            self._busy.text = f"{words} …"
            act()
            self._busy.text = ""

        button.on_click(click)
        return hooked(button, "kit-" + words.split(maxsplit=1)[0].lower())

    def kept_values(self) -> dict[str, Any]:
        """Return what a hand has set here and in the pieces, as plain values."""
        held = {name: getattr(self, name) for name in self.kept}
        return {
            name: value.kept_values() if isinstance(value, Panel) else _plain(value)
            for name, value in held.items()
        }

    def put_back(self, values: Mapping[str, Any]) -> None:
        """Set what `kept_values` has returned, here or in another session.

        Raises
        ------
        ValueError
            If a name is none of this panel's; what it can do nothing with raises what setting it raises.
        """
        if strangers := [name for name in values if name not in self.kept]:
            known = f"one of {', '.join(self.kept)}" if self.kept else "nothing"
            message = f"{strangers[0]} is not kept by {type(self).__name__}, should be {known}"
            raise ValueError(message)
        for name in (name for name in self.kept if name in values):
            if isinstance(piece := getattr(self, name), Panel):
                piece.put_back(values[name])
            else:
                setattr(self, name, _like(piece, values[name]))

    def observe_kept(self, heard: Callable[[Any], object]) -> None:
        """Call `heard` whenever something that is kept changes."""
        for name in self.kept:
            if isinstance(piece := getattr(self, name), Panel):
                piece.observe_kept(heard)
            else:
                self.observe(heard, name)

    def static(self) -> dict[str, Any]:
        """Return what stands in the place of the panel where nobody can click, by MIME type.

        Here that of all pieces, one below the other; a piece of its own kind returns its own.
        """
        parts = [child.static() for child in self._pieces(self.children)]
        bundle: dict[str, Any] = {"text/plain": "\n".join(part["text/plain"] for part in parts)}
        bundle["text/html"] = "".join(f"<div>{_as_html(part)}</div>" for part in parts)
        pictures = [part["image/png"] for part in parts if "image/png" in part]
        return bundle | ({"image/png": pictures[0]} if pictures else {})

    def _pieces(self, widgets: Iterable[Any]) -> Iterable[Panel]:
        for widget in widgets:
            if isinstance(widget, Panel):
                yield widget
            else:
                yield from self._pieces(getattr(widget, "children", ()))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = self.static()
        if self.interactive:
            bundle[WIDGET_VIEW] = super()._repr_mimebundle_(**options)[WIDGET_VIEW]
        return bundle

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.error or 'no faults'})"


def told(fault: BaseException) -> str:
    """Return a fault in words: those of input and state speak for themselves, others are named by their kind."""
    if isinstance(fault, ValueError | RuntimeError | OSError) and str(fault):
        return str(fault)
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__


def _plain(value: Any) -> Any:
    """Return a value as a file of text can hold it."""
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _like(example: Any, value: Any) -> Any:
    """Return what `_plain` has made of a value of the kind of `example` as such a value again."""
    return (
        tuple(tuple(one) if isinstance(one, list) else one for one in value)
        if isinstance(example, tuple)
        else value
    )


def _as_html(part: dict[str, Any]) -> str:
    if "text/html" in part:
        return str(part["text/html"])
    words = html.escape(part["text/plain"])
    if "image/png" in part:
        return f'<img alt="{words}" src="data:image/png;base64,{part["image/png"]}"><p>{words}</p>'
    return f"<pre>{words}</pre>"
