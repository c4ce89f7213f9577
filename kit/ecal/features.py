"""Which fields stand in which group of a dataset, and of what type: from a YAML file that users may edit."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.files import FormatError
from kit.parameters import read_yaml
from kit.wording import short

__all__ = ["CLUSTER_GROUPS", "HITS", "SHIPPED", "WINDOW_GROUPS", "Features", "read_features"]

SHIPPED = Path(__file__).parent / "shipped" / "features.yaml"
CLUSTER_GROUPS = ("cl_features", "cl_metadata", "cl_labels", "extra_cl")
WINDOW_GROUPS = ("seed_features", "seed_metadata", "window_features", "window_metadata", "extra_window")
HITS, CALOS = "cl_h", "extra_calos"
GROUPS = (*CLUSTER_GROUPS, *WINDOW_GROUPS, HITS, CALOS)
TYPES = ("int64", "bool", "string")
CLUSTER_VECTORS = ("cl_f", "cl_l", "cl_m")
VECTORS = ("s_f", "s_l", "s_m", "w_f", "w_m", *CLUSTER_VECTORS)


@dataclass(frozen=True)
class Features:
    """The layout of datasets.

    Attributes
    ----------
    groups : dict
        Fields of each group of the parquet layout, in order.
    vectors : dict
        Fields of each vector of a TFRecord, in order.
    types : dict
        ``int64``, ``bool`` or ``string`` by field; others are floating point numbers.
    """

    groups: Mapping[str, Sequence[str]]
    vectors: Mapping[str, Sequence[str]]
    types: Mapping[str, str]

    def with_other_labels(self, cluster: Sequence[str], window: Sequence[str], name: str) -> Features:
        """Return a layout with the fields of a second definition of the labels, `name` at their end."""
        added = {"extra_cl": cluster, "extra_window": window}
        groups = {
            group: [*fields, *(f"{field}_{name}" for field in added.get(group, ()))]
            for group, fields in self.groups.items()
        }
        types = {f"{field}_{name}": self.types[field] for field in (*cluster, *window) if field in self.types}
        return Features(groups, self.vectors, {**self.types, **types})

    def type_of(self, field: str) -> str:
        """Return the type of a field; floating point numbers are ``float``."""
        return self.types.get(field, "float")


def read_features(path: Path = SHIPPED) -> Features:
    """Return the layout in a file.

    Raises
    ------
    FormatError
        Naming every group, vector, type and field that is not known.
    """
    return _shipped() if path == SHIPPED else _read(path)


@functools.cache
def _shipped() -> Features:
    """Return the shipped layout; parsing it for each file would take a fifth of the time of a small one."""
    return _read(SHIPPED)


def _read(path: Path) -> Features:
    content = read_yaml(path)
    for section, groups in content.items():
        if groups and not (isinstance(groups, dict) and all(map(_are_names, groups.values()))):
            message = f"{path}: {section} is {short(repr(groups))}, should be a map of lists of names"
            raise FormatError(message)
    features = Features(
        content.get("parquet") or {},
        content.get("tfrecord") or {},
        {field: kind for kind, fields in (content.get("types") or {}).items() for field in fields},
    )
    faults = [f"{section} is not known" for section in set(content) - {"parquet", "tfrecord", "types"}]
    faults += _strangers("group", features.groups, GROUPS) + _strangers("vector", features.vectors, VECTORS)
    faults += _strangers("type", content.get("types") or {}, TYPES)
    if path != SHIPPED:
        faults += _faults_beside(features, _shipped())
    if faults:
        message = f"{path}: " + "; ".join(faults)
        raise FormatError(message)
    return features


def _are_names(fields: Any) -> bool:
    return isinstance(fields, list) and all(isinstance(field, str) for field in fields)


def _faults_beside(mine: Features, known: Features) -> list[str]:
    """Return what a user's layout has that no window has."""
    faults: list[str] = []
    clusters = [field for group in CLUSTER_GROUPS for field in known.groups[group]]
    windows = [field for group in WINDOW_GROUPS for field in known.groups[group]]
    for name, fields in {**mine.groups, **mine.vectors}.items():
        if name in (HITS, CALOS):
            faults += [f"{name} must stay as it is"] if fields != known.groups[name] else []
            continue
        of_clusters = name in (*CLUSTER_GROUPS, *CLUSTER_VECTORS)
        faults += _strangers(f"field of {name}", fields, clusters if of_clusters else windows)
        if name in mine.groups and len(set(fields)) < len(fields):
            faults.append(f"{name} names a field twice")
    faults += [
        f"{field} is {known.type_of(field)}, not {mine.type_of(field)}"
        for field in (*clusters, *windows)
        if mine.types and mine.type_of(field) != known.type_of(field)
    ]
    return faults


def _strangers(what: str, names: Any, known: Sequence[str]) -> list[str]:
    near = {name: difflib.get_close_matches(str(name), known, n=1) for name in names if name not in known}
    return [
        f"{what} {name} is not known" + (f" (did you mean {found[0]}?)" if found else "")
        for name, found in near.items()
    ]
