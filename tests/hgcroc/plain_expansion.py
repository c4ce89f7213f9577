"""The expansion as the specification tells it, with nested dicts and nothing else: slow and plain.

Also reference (a) of the benchmarks: per point a deep copy and recursive update of the whole tree, the difference
to the point before, and its YAML text.
"""

import copy
import itertools

import jinja2
import yaml

PER_HALF = {"ch": 36, "calib": 1, "cm": 2}


def deep_update(tree, patch):
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            deep_update(tree[key], value)
        elif isinstance(value, list) and isinstance(tree.get(key), list):
            assert len(value) == len(tree[key])
            for place, item in enumerate(value):
                if isinstance(item, dict) and isinstance(tree[key][place], dict):
                    deep_update(tree[key][place], item)
                else:
                    tree[key][place] = copy.deepcopy(item)
        else:
            tree[key] = copy.deepcopy(value)
    return tree


def deep_diff(before, after):
    found = {}
    for key, value in after.items():
        if key in before and isinstance(value, dict) and isinstance(before[key], dict):
            below = deep_diff(before[key], value)
            if below:
                found[key] = below
        elif key not in before or before[key] != value:
            found[key] = value
    return found


def paths(key):
    return itertools.product(*[part if isinstance(part, list) else [part] for part in key])


def axis_patches(axis):
    """Return the patches of an axis of dialect 1.0.15, one for each value."""
    values = axis["values"]
    if isinstance(values, dict):
        values = range(values.get("start", 0), values["stop"], values.get("step", 1))
    patches = []
    if "template" in axis:
        under = {}
        for value in values:
            text = jinja2.Template(axis.get("default", "")).render(value=value)
            deep_update(under, yaml.safe_load(text) or {})
        for value in values:
            patch = copy.deepcopy(under)
            patches.append(
                deep_update(patch, yaml.safe_load(jinja2.Template(axis["template"]).render(value=value)))
            )
        return patches
    for value in values:
        patch = {}
        for path in paths(axis["key"]):
            below = copy.deepcopy(value)
            for word in reversed(path):
                below = {word: below}
            deep_update(patch, below)
        patches.append(patch)
    return patches


def states(initial, axes, repeat=1):
    """Yield the full tree of each point: the first axis slowest, the whole list `repeat` times."""
    all_patches = [axis_patches(axis) for axis in axes]
    for _ in range(repeat):
        for patches in itertools.product(*all_patches):
            state = copy.deepcopy(initial)
            for patch in patches:
                deep_update(state, patch)
            yield state


def patches_1015(initial, axes, repeat=1):
    """Yield the incremental patches of 1.0.15."""
    before = initial
    for state in states(initial, axes, repeat):
        yield deep_diff(before, state)
        before = state


def write(chip, message):
    """Do to a chip, a full nested dict, what one message does: HalfWise first, then the others."""
    for half_wise in (True, False):
        for roc, blocks in message.items():
            for block, numbers in blocks.items():
                if (block == "HalfWise") is not half_wise:
                    continue
                for number, names in numbers.items():
                    for name, value in names.items():
                        chip[roc][block][number][name] = value
                        if half_wise:
                            for member, count in PER_HALF.items():
                                for k in range(number * count, (number + 1) * count):
                                    chip[roc][member][k][name] = value
    return chip


def chip_states(chip, layers, axes, repeat=1):
    """Yield the true registers of each point: every layer and axis is one message, in order of precedence."""
    start = copy.deepcopy(chip)
    for layer in layers:
        write(start, layer)
    all_patches = [axis_patches(axis) for axis in axes]
    for _ in range(repeat):
        for patches in itertools.product(*all_patches):
            state = copy.deepcopy(start)
            for patch in patches:
                write(state, patch.get("target", {}))
            yield state
