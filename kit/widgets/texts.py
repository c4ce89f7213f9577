"""How a value reads in a text field and in a parameter file: as text that reads back as the same value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kit import wording
from kit.parameters import NOT_COMPARED, Parameters

__all__ = ["parameter_file", "same", "text_of", "yaml_of"]


class Dumper(yaml.SafeDumper):
    """YAML as the kit reads it: words that would read as numbers stand in quotes."""


def _write_word(dumper: Dumper, word: str) -> Any:
    style = None if word.isprintable() else '"'  # where tabs, line ends and their kin are escaped
    return dumper.represent_scalar("tag:yaml.org,2002:str", word, style=style)


Dumper.yaml_implicit_resolvers = wording.Loader.yaml_implicit_resolvers
Dumper.add_representer(str, _write_word)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are one and the same to a parameter: 1, 1.0 and True are not."""
    return wording.literal(one) == wording.literal(other)


def text_of(annotation: Any, value: Any) -> str:
    """Return the plainest text that means `value` to a parameter of type `annotation`."""
    for text in _plain_texts(value):
        if same(wording.parse_text(annotation, text), value):
            return text
    return _flow(value)


def yaml_of(values: Mapping[str, Any]) -> str:
    """Return `values` as the lines of a parameter file; empty where there are none."""
    return "".join(f"{_flow(name)}: {_flow(value)}\n" for name, value in values.items())


def parameter_file(p: Parameters) -> str:
    """Return what of `p` differs from the defaults as a parameter file for `kit run -f` and `kit submit -f`.

    Without `output` and `interactive`, which do not change what a stage computes.
    """
    return yaml_of({name: value for name, value in p.changed().items() if name not in NOT_COMPARED})


def _plain_texts(value: Any) -> Iterator[str]:
    if value is None:
        yield ""
    elif isinstance(value, list):
        yield ", ".join(map(str, value))
    elif not isinstance(value, dict):
        yield str(value)


def _flow(value: Any) -> str:
    text = yaml.dump(
        value, Dumper=Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return str(text).removesuffix("\n").removesuffix("\n...")
