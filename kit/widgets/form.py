"""A form made from the declaration of a stage's parameters: typed, bounded, checked while one writes."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

import ipywidgets
import traitlets

from kit import files
from kit.parameters import NOT_COMPARED, ParameterError, Parameters, read_yaml, refusal
from kit.widgets.controls import Control, label_of
from kit.widgets.copying import copying
from kit.widgets.look import Words, hooked, line
from kit.widgets.panel import Panel
from kit.widgets.texts import parameter_file, same, yaml_of

__all__ = ["ParameterForm"]

Model = TypeVar("Model", bound=Parameters)

WHERE = "form"


class ParameterForm(Panel, Generic[Model]):
    """The parameters of a stage as labelled controls; what it makes of them is a new, checked set.

    While a value cannot be used, `parameters` is None and `faults` says why: nobody goes on with values other
    than those on the screen. `checked` is for those who need a set, and raises.

    Parameters
    ----------
    start : Parameters, or a class of Parameters
        What the form starts with, and goes back to; a class stands for its defaults, the demo. Never changed.
    hidden : collection of str
        Parameters without a control; they keep their values.
    groups : mapping of str to sequence of str, optional
        Headings and the parameters below them. The others come before, and `output` and `interactive`, which
        every stage has, at the end.
    folded : bool
        Whether the groups are closed at first; a click on a heading opens it.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    controls : namespace
        The controls by the names of their parameters: ``form.controls.bin_width.value = 5.0``.
    buttons : namespace
        ``reset``, ``copy`` and ``load``.
    file, text : widgets
        The field for a file's path, and the text that `copy` shows.

    Examples
    --------
    >>> form = ParameterForm(MassParameters)
    >>> form.observe(lambda change: print(change.new), "parameters")
    >>> form.set(bin_width=5.0)
    """

    parameters = traitlets.Instance(
        Parameters, allow_none=True, help="the checked set; None while there are faults"
    )
    faults = traitlets.Tuple(help="what cannot be used, in words, one by one")

    def __init__(
        self,
        start: Model | type[Model],
        *,
        hidden: Collection[str] = (),
        groups: Mapping[str, Sequence[str]] | None = None,
        folded: bool = False,
        interactive: bool = True,
    ) -> None:
        self.start: Model = start if isinstance(start, Parameters) else start()
        self.model = type(self.start)
        shown = {name: field for name, field in self.model.declared() if name not in hidden}
        width = max((len(label_of(name, field)) for name, field in shown.items()), default=0) + 1
        self._controls = {name: Control(self.model, name, getattr(self.start, name), width) for name in shown}
        self.controls = SimpleNamespace(**self._controls)
        self._setting = False
        complaint = Words("kit-faults", role="alert")
        super().__init__(hook="kit-form", interactive=interactive)
        self.contain(*self._rows(groups or {}, folded=folded), complaint, *self._actions())
        traitlets.dlink((self, "faults"), (complaint, "text"), _complaint)
        for control in self._controls.values():
            control.observe(self.guarded(lambda _: self._check()), "value")
        self._check()

    @property
    def values(self) -> dict[str, Any]:
        """What the form shows, and the hidden values: a set that need not be one that can be used."""
        shown = {name: control.value for name, control in self._controls.items()}
        return self.start.model_dump() | shown

    @property
    def yaml(self) -> str:
        """The changed values as a parameter file for `kit run -f` and `kit submit -f`.

        Without `output` and `interactive`, which do not change what a stage computes.

        Raises
        ------
        ParameterError
            While there are faults.
        """
        return parameter_file(self.checked())

    def checked(self) -> Model:
        """Return the checked set.

        Raises
        ------
        ParameterError
            With all faults, while there are any.
        """
        return self.model.build(self.values, WHERE)

    def changed(self) -> dict[str, Any]:
        """Return the values that differ from the defaults, those that cannot be used among them."""
        if self.parameters is not None:
            return self.parameters.changed()
        defaults = self.model().model_dump()
        return {name: value for name, value in self.values.items() if value != defaults[name]}

    def set(self, **values: Any) -> None:
        """Show these values, and check them once, together.

        Raises
        ------
        ParameterError
            If the form has no such parameter. Values that cannot be used are shown with their faults.
        """
        strangers = [f"{name} has no control in this form" for name in values if name not in self._controls]
        if strangers:
            raise refusal(WHERE, strangers)
        self._setting = True
        try:
            for name, value in values.items():
                self._controls[name].value = value
        finally:
            self._setting = False
        self._check()

    def kept_values(self) -> dict[str, Any]:
        """Return the values that differ from those that the form has started with."""
        return {
            name: control.value
            for name, control in self._controls.items()
            if not same(control.value, getattr(self.start, name))
        }

    def put_back(self, values: Mapping[str, Any]) -> None:
        """Show what `kept_values` has returned; everything else as the form has started.

        Raises
        ------
        ParameterError
            If the form has no such parameter.
        """
        self.set(**({name: getattr(self.start, name) for name in self._controls} | dict(values)))

    def observe_kept(self, heard: Any) -> None:
        """Call `heard` whenever a value changes, one that cannot be used, too."""
        self.observe(heard, ["parameters", "faults"])

    def reset(self) -> None:
        """Show the values that the form has started with."""
        self.set(**{name: getattr(self.start, name) for name in self._controls})

    def load(self, path: str | os.PathLike[str]) -> None:
        """Show what a parameter file means, all of it or, where it has a fault, nothing.

        What the file does not name gets its default; hidden parameters keep their values.

        Raises
        ------
        ParameterError
            With all faults of the file.
        """
        found = files.resolve(path)
        loaded = self.model.build(read_yaml(found), files.shown(found))
        self.set(**{name: getattr(loaded, name) for name in self._controls})

    def static(self) -> dict[str, Any]:
        """Return the parameters as a table."""
        shown = self.parameters
        text = "\n".join(self.faults) or yaml_of(self.changed()) or "every value is the default"
        return {"text/plain": text} | ({"text/html": shown._repr_html_()} if shown else {})

    def _check(self) -> None:
        if self._setting:
            return
        parameters, faults = None, list[str]()
        try:
            parameters = self.checked()
        except ParameterError as error:
            faults += error.faults
        beginnings = [(match[0] if (match := re.match(r"\w+", fault)) else "", fault) for fault in faults]
        for name, control in self._controls.items():
            control.fault = "; ".join(fault for beginning, fault in beginnings if beginning == name)
        self.faults = tuple(faults)
        self.parameters = parameters

    def _rows(self, groups: Mapping[str, Sequence[str]], *, folded: bool) -> list[Any]:
        grouped = {name for names in groups.values() for name in names}
        plain = [name for name in self._controls if name not in grouped and name not in NOT_COMPARED]
        rows = [self._controls[name] for name in plain]
        parts = {**groups, "Where it is written, who watches": NOT_COMPARED}
        named = {
            heading: [self._controls[name] for name in names if name in self._controls]
            for heading, names in parts.items()
        }
        named = {heading: members for heading, members in named.items() if members}
        if folded and named:
            pages = [ipywidgets.VBox(members) for members in named.values()]
            return [*rows, hooked(ipywidgets.Accordion(pages, titles=list(named)), "kit-groups")]
        for heading, members in named.items():
            rows += [hooked(ipywidgets.HTML(heading), "kit-heading"), *members]
        return rows

    def _actions(self) -> list[Any]:
        copy, text = copying(self, lambda: self.yaml)
        path = ipywidgets.Text(description="file", placeholder="parameters/….yaml", continuous_update=False)

        def follow(_change: Any) -> None:
            if self.parameters is not None:
                text.value = self.yaml

        def load() -> None:
            if not path.value.strip():
                message = "file is empty, should be the path of a parameter file"
                raise ParameterError(message)
            self.load(path.value.strip())

        self.observe(follow, "parameters")
        self.buttons = SimpleNamespace(
            reset=self.button("Reset", self.reset, "show the values that the form has started with"),
            copy=copy,
            load=self.button("Load", load, "show the values of this parameter file"),
        )
        self.file, self.text = path, text
        return [line(self.buttons.reset, self.buttons.copy, path, self.buttons.load), text]


def _complaint(faults: Sequence[str]) -> str:
    heads = ("", "one value cannot be used:\n", f"{len(faults)} values cannot be used:\n")
    return heads[min(len(faults), 2)] + "\n".join(faults)
