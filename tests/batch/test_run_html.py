"""What a panel says in words: no sign of an error is taken for HTML, what a person looks for comes first."""

import re
from pathlib import Path

from kit.batch.run_html import chunk_table, chunks_told, failure_list, use_told
from kit.batch.snapshot import ChunkSeen, Failure, Snapshot

STANDS = {
    "run": "run", "words": "", "states": [], "chunks": [], "seconds": [], "rss_mb": [], "requested_mb": 400,
    "reasons": [], "alive": False,
}  # fmt: skip


def rows(table):
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", table)]


def test_a_row_for_each_chunk_held_and_missing_first_done_last():
    table = chunk_table(
        [
            ChunkSeen("000000", "ended", 2, 2, 0, 1, "slot1@a"),
            ChunkSeen("000002", "ended", 2, 1, 1, 1, "slot1@b"),
            ChunkSeen("000004", "running", 2, 1, 0, 2, "slot2@<b>"), ChunkSeen("000006", "held", 2, 0, 0),
            ChunkSeen("000008", "missing", 2, 1, 0, 1),
        ]
    )  # fmt: skip
    assert rows(table) == [
        ["chunk", "state", "done", "failed", "starts", "where"],
        ["000006", "held", "0/2", "0", "0", ""],
        ["000008", "ended, points are missing", "1/2", "0", "1", ""],
        ["000004", "running", "1/2", "0", "2", "slot2@&lt;b&gt;"],
        ["000002", "some failed", "1/2", "1", "1", "slot1@b"],
        ["000000", "done", "2/2", "0", "1", "slot1@a"],
    ]


def test_a_long_table_is_cut_and_says_so():
    table = chunk_table([ChunkSeen(f"{n:06d}", "waiting", 1, 0, 0) for n in range(1000)])
    assert len(rows(table)) == 21
    assert "and 980 more" in table
    assert chunk_table([]) == ""


def test_chunks_and_use_are_told_in_numbers():
    chunks = [
        ChunkSeen("0", "ended", 1, 1, 0),
        ChunkSeen("1", "ended", 1, 1, 0),
        ChunkSeen("2", "running", 1, 0, 0),
    ]
    assert chunks_told(Snapshot(**STANDS | {"chunks": chunks})) == "3 chunks: 2 done, 1 running"
    told = use_told(Snapshot(**STANDS | {"seconds": [1.0, 9.0, 2.0], "rss_mb": [90.0, 100.0, 95.0]}))
    assert told.startswith("time of a point: 2 s in the middle, 9 s at most; memory: 100 MB at most, 400 MB requ")
    assert use_told(Snapshot(**STANDS)) == "no point has ended yet"


def test_a_failure_has_links_as_the_page_needs_them_and_its_last_lines():
    failure = Failure(
        "failed", "cell 3: <b>", 2, 7, "/p/outputs/a b/n.ipynb", "/p/outputs/a.err", ("x < y", "end")
    )
    text = failure_list([failure], Path("/p/notebooks/batch"))
    assert "2 failed: cell 3: &lt;b&gt; (first: point 7)" in text
    assert re.findall('href="(.*?)"', text) == [
        "../../outputs/a b/n.ipynb#papermill-error-cell",
        "../../outputs/a.err",
    ]
    assert "<pre>x &lt; y\nend</pre>" in text


def test_what_did_not_come_back_has_no_link_and_no_failures_are_nothing():
    text = failure_list([Failure("died", "gone", 1, 0, "", "")], Path("/p"))
    assert text == "<ul><li>1 died: gone (first: point 0) </li></ul>"
    assert failure_list([], Path("/p")) == ""
