"""The files that a dataset is made of: opened, text turned into parquet, and the layout they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files
from kit.ecal.access import WindowFile
from kit.ecal.collecting import Source
from kit.ecal.features import Features, read_features
from kit.ecal.ndjson_reading import read_lines, text_features
from kit.ecal.tables import TableWriter, schema, to_table
from kit.files import FormatError
from kit.run import Run

__all__ = ["Input", "common_features", "open_inputs", "refuse_vectors"]

ORIGINAL_FILL = -999.0  # what the public original writes for NaN
ROW_GROUP = 1000  # of text turned into parquet


@dataclass(frozen=True)
class Input:
    """A parquet file of windows, whose windows have this flavour where it is not None."""

    source: Source
    path: Path
    flavour: int | None
    absent: float | None


def open_inputs(
    sources: Sequence[Source], run: Run, features: Features, flavours: Mapping[str, int]
) -> Iterator[Input]:
    """Yield each file of windows; text is first written as parquet into the work folder.

    Parameters
    ----------
    sources : sequence of Source
        As they were collected.
    run : Run
        Whose inputs they are.
    features : Features
        The layout of the dataset.
    flavours : dict
        PDG id of an input, by its name.

    Raises
    ------
    FormatError
        If a line of text cannot be used, or nobody says its flavour; if a file is not what its run has written.
    """
    for number, source in enumerate(run.progress(sources, "file", label="inputs")):
        run.read(str(source.path), _checked(source))
        flavour = flavours.get(source.sample)
        if not source.is_text:
            absent = source.about["parameters"]["nan_fill"] if source.about else ORIGINAL_FILL
            yield Input(source, source.path, flavour, absent)
            continue
        if flavour is None:
            message = f"{source.path}: text says no flavour: name it in flavours, by the input {source.sample}"
            raise FormatError(message)
        path = run.work / f"text_{number}.parquet"
        if not path.is_file():
            layout = text_features(source.path, features)
            with files.whole(path) as part, TableWriter(part, schema(layout, "float64"), ROW_GROUP) as writer:
                for windows in read_lines(source.path, read_features(), flavour):
                    writer.write(to_table(windows, layout, "float64", nan_fill=ORIGINAL_FILL))
        yield Input(source, path, None, ORIGINAL_FILL)


def _checked(source: Source) -> str | None:
    """Return the checksum of a file that its run has one of: flipped bits may still read, as other numbers."""
    if not source.sha256:
        return None
    found = files.sha256(source.path)
    if found != source.sha256:
        message = f"{source.path}: sha256 is {found[:12]}…, {source.sha256[:12]}… in the manifest of its run"
        raise FormatError(f"{message}: damaged or changed since it was written")  # noqa: EM102
    return f"sha256:{found}"


def common_features(inputs: list[Input], features: Features) -> Features:
    """Return the layout without extra groups that some file does not have.

    Raises
    ------
    FormatError
        If files have numbers of different precision, write NaN differently, or lack fields of the layout.
    """
    kept = dict(features.groups)
    precision: dict[str, Path] = {}
    for given in inputs:
        with WindowFile(given.path) as file:
            precision.setdefault(str(file.schema.field("window_features").type.field(0).type), given.source.path)
            lacking = {name: group for group, names in kept.items() for name in _lacks(file, group, names)}
        faults = [f"{name} of {group}" for name, group in lacking.items() if not group.startswith("extra_")]
        if faults:
            message = f"{given.source.path}: lacks {', '.join(faults)}"
            raise FormatError(message)
        for group in set(lacking.values()):
            del kept[group]
    if len({given.absent for given in inputs}) > 1:
        told = ", ".join(f"{given.absent} in {given.source.path}" for given in inputs)
        message = f"inputs write NaN differently: {told}"
        raise FormatError(message)
    if len(precision) > 1:
        told = ", ".join(f"{kind} in {path}" for kind, path in precision.items())
        message = f"inputs have numbers of different precision: {told}"
        raise FormatError(message)
    return Features(kept, features.vectors, features.types)


def refuse_vectors(inputs: Sequence[Input], features: Features) -> None:
    """Raise if vectors of a TFRecord name fields that the common layout of the inputs does not have.

    Raises
    ------
    FormatError
        Naming the fields, their vectors, and the files that lack them.
    """
    held = {name for names in features.groups.values() for name in names}
    lacking = {name: vector for vector, names in features.vectors.items() for name in names if name not in held}
    if not lacking:
        return
    files_of: list[str] = []
    for given in inputs:
        with WindowFile(given.path) as file:
            if any(name not in file.groups for name in lacking):
                files_of.append(str(given.source.path))
    told = ", ".join(f"{name} of {vector}" for name, vector in lacking.items())
    message = f"{', '.join(files_of) or 'features'}: lacks {told}, which a TFRecord holds"
    raise FormatError(f"{message}; should be formats=parquet, or features whose vectors do without")  # noqa: EM102


def _lacks(file: WindowFile, group: str, names: Any) -> list[str]:
    if group in ("cl_h", "extra_calos"):
        return [] if group in file.schema.names else [group]
    return [name for name in names if name not in file.groups]
