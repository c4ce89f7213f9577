"""Dumper files made wrong on purpose: columns of a good one, changed, written anew."""

from kit.ecal.branches import TREE
from kit.ecal.demo import _nested


def columns_of(path):
    """Return all branches of a file as awkward arrays."""
    import uproot

    with uproot.open(path) as file:
        tree = file[TREE]
        arrays = tree.arrays(library="ak")
        return {name: arrays[name] for name in tree.keys()}  # noqa: SIM118 - a tree is no dict


def write(path, columns, tree=TREE, names=None):
    """Write columns as an RNTuple, and return the path."""
    import numpy as np
    import uproot

    with uproot.recreate(path) as file:
        stored = {name: np.asarray(column) if column.ndim == 1 else column for name, column in columns.items()}
        types = {k: v.dtype if isinstance(v, np.ndarray) else v.type.content for k, v in stored.items()}
        folder, _, name = tree.rpartition("/")
        where = file.mkdir(folder) if folder else file
        where.mkrntuple(name, types).extend(stored)
    return path


def damaged(path, target, **changes):
    """Write the events of `path` again, with some branches changed; None leaves a branch out."""
    columns = columns_of(path)
    for name, change in changes.items():
        if change is None:
            del columns[name]
        else:
            columns[name] = change(columns[name])
    return write(target, columns)


def with_value(event, place, value):
    """Return a change that sets one number of a branch of lists."""
    import awkward as ak
    import numpy as np

    def change(column):
        layout = ak.to_layout(column)
        offsets = np.asarray(layout.offsets)
        numbers = np.array(layout.content.data)
        numbers[offsets[event] + place] = value
        return _nested([offsets], numbers)

    return change


def without_last(column):
    """Return a branch of lists of which the first has lost its last entry."""
    import awkward as ak

    return ak.concatenate([column[:1, :-1], column[1:]])
