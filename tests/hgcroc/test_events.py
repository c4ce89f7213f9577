"""Events in arrays and in rows, against the plain decoder."""

import numpy as np
import pytest

from kit.hgcroc.archive import read_archive, write_archive
from kit.hgcroc.events import MISSING, event_arrays, event_columns
from kit.hgcroc.rawdata import decode, unpack
from tests.hgcroc import reference
from tests.hgcroc.samples import RUNS, archive, real_file


@pytest.mark.parametrize("run", RUNS[:2])
def test_rows_of_events_are_those_of_the_plain_decoder(shared_data, run):
    data = real_file(shared_data, run)[: 45 + 392 * 31]  # ten events and one chip of the next
    columns = event_columns(event_arrays(decode(data), 3))
    records = reference.read_records(data)
    plain = [
        {"event": event, "chip": chip, "half": half, **row}
        for event, chip, *halves in records
        for half, words in enumerate(halves)
        for row in sorted(reference.decode_half(words), key=lambda row: row["channel"])
    ]
    for name in ("event", "chip", "half", "channel", "adc", "adcm", "toa", "tot", "totflag"):
        assert columns[name].tolist() == [row[name] for row in plain], name
    assert (columns["bxcounter"] == 44).all()
    assert not columns["orbitcounter"].any()
    assert len(columns["trigtime"]) == len(plain)


def test_what_was_not_received_has_no_row():
    frames = read_archive(archive(5, 2))
    keep = ~((frames.event == 2) & (frames.chip == 1))
    raw = decode(write_archive(frames.event[keep], frames.chip[keep], frames.words[keep]))
    arrays = event_arrays(raw, 2)
    assert arrays["adc"].shape == (5, 2, 2, 37)
    assert (arrays["corruption"][2, 1] == MISSING).all()
    columns = event_columns(arrays)
    assert len(columns["adc"]) == 9 * 78
    assert not ((columns["event"] == 2) & (columns["chip"] == 1)).any()


def test_events_stand_in_the_order_of_their_numbers():
    frames = read_archive(archive(5, 1))
    order = np.array([3, 1, 4, 0, 2])
    raw = unpack(read_archive(write_archive(frames.event[order] * 7, frames.chip[order], frames.words[order])))
    assert (event_arrays(raw, 1)["adc"] == event_arrays(unpack(frames), 1)["adc"]).all()


def test_the_header_is_kept_as_it_came():
    raw = decode(archive(5, 1))
    assert (event_arrays(raw, 1)["header"][:, 0] == raw.frames.words[:, :, 0]).all()
    counters = event_columns(event_arrays(raw, 1))["eventcounter"]
    assert counters.reshape(5, 2, 39)[:, :, 0].tolist() == [[(e + 5) % 64, (e + 9) % 64] for e in range(5)]
