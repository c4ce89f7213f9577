"""Text to charge: both loops give what the plain loop reads, and leave alone what is not as it should be."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kit.smartpixels.blocks import Work
from kit.smartpixels.engine import NUMPY, compiled_engine
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import Layout, cluster_text, tag_line
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.text import Tags, Text
from tests.smartpixels import reference, samples


def read(path, loops):
    with ClusterFile(path, ClusterParameters(clusters=[path]), engine=loops) as source:
        for block in source.blocks():
            yield from block.clusters()


charges = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(2, 6)),
    elements=st.one_of(st.just(0), st.integers(-30, 30), st.integers(-9_999_999, 9_999_999)),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tenths=charges, signed=st.booleans(), row_end=st.sampled_from(["", " "]), data=st.data())
def test_both_loops_read_what_the_plain_loop_reads(tmp_path, tenths, signed, row_end, data):
    quiet = data.draw(st.lists(st.integers(1, tenths.shape[2] - 1)))
    for k in quiet:  # slices that repeat the one before
        tenths[:, :, k] = tenths[:, :, k - 1]
    charge = np.where((tenths == 0) & signed, -0.0, tenths / 10)
    text = cluster_text(samples.flat(charge), row_end=row_end) * 2
    _, (wanted, _) = reference.read_clusters(text.decode())
    path = samples.write(tmp_path, text)
    for loops in (NUMPY, compiled_engine()):
        found = list(read(path, loops))
        assert len(found) == 2
        for one in found:
            np.testing.assert_array_equal(one.charge, wanted.charge)
            assert list(one.metadata) == wanted.metadata


LAYOUT = Layout(rows=2, columns=3, slices=4, step=10.0, fields=9)
TAGS = Tags(tag_line(10.0 * k) for k in range(1, 5))
GOOD = cluster_text(samples.flat(np.arange(24).reshape(2, 3, 4) / 10))


def parse(engine, text, *, final=True, longest=0):
    work = Work(LAYOUT)
    end = len(text)
    return (*engine.parse(Text.of(text), 0, end, final, longest, TAGS, 9, work), work)


def test_whole_clusters_are_read_and_the_next_begins_behind_them(engine):
    done, place, odd, work = parse(engine, GOOD * 3)
    assert (done, place, odd) == (3, 3 * len(GOOD), False)
    assert work.offsets[:4].tolist() == [0, 6, 12, 18]
    assert [GOOD[begin:end] for begin, end in [work.spans[0].tolist()]] == [GOOD.split(b"\n")[1].rstrip()]


def test_a_cluster_may_go_on_where_the_file_does_not_end(engine):
    done, place, odd, _ = parse(engine, GOOD * 2, final=False)
    assert (done, place, odd) == (1, len(GOOD), True)


def test_a_cluster_is_begun_only_where_all_of_it_may_be_at_hand(engine):
    done, place, odd, _ = parse(engine, GOOD * 2 + GOOD[:50], final=False, longest=len(GOOD))
    assert (done, place, odd) == (2, 2 * len(GOOD), False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<cluster>\n", b"<cluster>x\n"),
        (b"7600", b"76e2"),
        (b"7600 ", b"7600  "),
        (b" -1.5 \n", b" \n"),
        (b" -1.5 \n", b" -1.5 9 \n"),
        (b"<time slice 20.000000 ps>", b"<time slice 20.000001 ps>"),
        (b"<time slice 20.000000 ps>\n", b"<time slice 20.000000 ps> \n"),
        (b"0.0 0.4 0.8\n", b"0.0 0.4\n"),
        (b"0.0 0.4 0.8\n", b"0.0 0.4 0.8 0.0\n"),
        (b"0.0 0.4 0.8\n", b"0.0  0.4 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 0.40 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 4 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 .4 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 nan 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 1234567.4 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 --0.4 0.8\n"),
        (b"0.0 0.4 0.8\n", b"0.0 0.4 0.8\n\n"),
        (b"0.0 0.4 0.8\n", b""),
        (b"1.5 1.9 2.3\n", b"1.5 1.9 2.3\n0.0 0.0 0.0\n"),
    ],
)
def test_what_is_odd_is_left_to_be_read_with_care(engine, old, new):
    odd_one = GOOD.replace(old, new, 1)
    assert odd_one != GOOD
    done, place, odd, _ = parse(engine, GOOD + odd_one + GOOD)
    assert (done, place, odd) == (1, len(GOOD), True)


def test_a_cluster_that_is_followed_by_something_else_is_odd(engine):
    assert parse(engine, GOOD + b"<clustre>\n" + GOOD)[:3] == (0, 0, True)
    assert parse(engine, b"<clustre>\n" + GOOD)[:3] == (0, 0, True)


@pytest.mark.parametrize("end", [b"\n", b" \n", b"   \r\n", b"\r\n"])
def test_rows_may_end_in_blanks_and_a_carriage_return(engine, end):
    text = GOOD.replace(b"0.8\n", b"0.8" + end)
    assert parse(engine, text)[:3] == (1, len(text), False)


def test_a_block_is_full_when_one_more_cluster_might_not_fit(engine):
    work = Work(LAYOUT)
    work.charge = work.charge[:13]
    done, place, odd = engine.parse(Text.of(GOOD * 3), 0, 3 * len(GOOD), True, 0, TAGS, 9, work)
    assert (done, place, odd) == (2, 2 * len(GOOD), False)
