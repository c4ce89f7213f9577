"""Count summaries of SamplingInput, whatever the width of their columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.sampling_logs import read_log


def test_both_summaries_of_the_public_example_are_read(public):
    first, second = read_log(public / "samplinginput_summary_synthetic.log")
    assert [(one.name, one.counts) for one in first] == [
        ("CORSIKACosmic", 12345678),
        ("CeMLL", 5407),
        ("DIO", 1118560),
    ]
    assert first[1].next_event == (1205, 0, 5408)
    assert first[2].next_event is None
    assert (first[0].fraction, first[0].expected, first[0].weight) == (0.916556, 0.916563, 0.916563)
    assert [(one.name, one.weight) for one in second] == [("CeMLL", 0.03), ("DIO", 0.84)]


def _block(rows):
    width = max(7, *(len(name) for name, _ in rows))
    lines = [
        "The 'SamplingInput' source sampled the following events:",
        "",
        f"{'Sample':>{width + 20}}   | Expected  Specified",
        f"{'Dataset':<{width}}    Counts    fraction | fraction     weight   Next event",
        "-" * 90,
    ]
    lines += [
        f"{name:<{width}}  {n:>8}    {0.5:g} | {0.5:g}   {0.25:g}   run: 1205 subRun: 0 event: {n + 1}"
        for name, n in rows
    ]
    return [*lines, "-" * 90, f"{'Total':<{width}}  {sum(n for _, n in rows)}"]


@given(
    st.lists(
        st.tuples(st.text("abcXYZ_", min_size=1, max_size=30), st.integers(0, 10**12)),
        min_size=1,
        max_size=4,
        unique_by=lambda x: x[0],
    )
)
def test_any_names_and_counts_are_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("l") / "a.log"
    path.write_text("\n".join(["noise", *_block(rows), "more noise", "Total nonsense", *_block(rows)]))
    found = read_log(path)
    assert [[(one.name, one.counts) for one in block] for block in found] == [rows, rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("5407 ", "54x7 "), r":8: 'CeMLL +54x7 .*, should be a data set's counts"),
        (lambda text: text.replace("(no more available)", "gone", 1), ":9: 'DIO"),
        (
            lambda text: text.replace("Total            13469645", "Total            13469646"),
            "but the counts add up to 13469645",
        ),
        (lambda text: text[: text.index("CeMLL")], "the last count summary is cut short"),
        (lambda _: "nothing\n", "there is no count summary of SamplingInput"),
    ],
)
def test_damaged_logs_are_refused_with_their_line(public, tmp_path, change, said):
    path = tmp_path / "a.log"
    path.write_text(change((public / "samplinginput_summary_synthetic.log").read_text()))
    with pytest.raises(FormatError, match=said):
        read_log(path)
