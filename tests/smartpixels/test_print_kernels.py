"""Voltages as text: every number as ``%.1f`` prints it, from both loops."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kit.smartpixels.blocks import Block
from kit.smartpixels.engine import NUMPY, compiled_engine
from kit.smartpixels.pixelav import Layout
from kit.smartpixels.printing import TextWriter
from kit.smartpixels.text import Text
from kit.smartpixels.twins import NEGATIVE_ZERO
from kit.smartpixels.voltages import Voltages

HEAD = b"1 2 3 4 5 6 7 8 9"


def voltages_of(tenths, rows, columns, pixel):
    """Return a block of one cluster whose pixels have these voltages."""
    count = len(pixel)
    charge = np.zeros((count, 2), np.int32)
    layout = Layout(rows, columns, 2, 10.0, 9)
    zeros = np.zeros(count, np.int64)
    block = Block(
        layout, np.array([0]), np.array([0, count]), pixel, charge, zeros, zeros, zeros, Text.of(HEAD),
        np.array([[0, len(HEAD)]]),
    )  # fmt: skip
    return Voltages(block, tenths / 10, tenths, zeros)


numbers = st.one_of(
    st.just(0),
    st.just(NEGATIVE_ZERO),
    st.integers(-12, 12),
    st.integers(-99_999, 99_999),
    st.integers(-(10**9), 10**9),
)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), rows=st.integers(1, 4), columns=st.integers(1, 6), steps=st.integers(1, 3))
def test_both_loops_print_what_python_prints(tmp_path_factory, data, rows, columns, steps):
    pixel = np.array(sorted(data.draw(st.sets(st.integers(0, rows * columns - 1)))), np.int64)
    tenths = data.draw(hnp.arrays(np.int64, (len(pixel), steps), elements=numbers))
    voltages = voltages_of(tenths, rows, columns, pixel)
    path = tmp_path_factory.mktemp("text") / "out.txt"
    texts = []
    for loops in (NUMPY, compiled_engine()):
        with TextWriter(path, [], steps, 200, compression=0) as writer:
            writer.write(voltages, loops)
        texts.append(path.read_text())
    full = np.zeros((rows * columns, steps))
    full[pixel] = np.where(tenths == NEGATIVE_ZERO, -0.0, tenths / 10)
    lines = ["<cluster>", HEAD.decode()]
    for step in range(steps):
        lines.append(f"<time slice {200 * step:f} ps>")
        lines += [" ".join(f"{v:.1f}" for v in row) for row in full[:, step].reshape(rows, columns)]
    assert texts == ["\n".join(lines) + "\n"] * 2
