"""Plain implementations, written from the specification, one record and one channel at a time."""

import math
import struct

HEAD_BYTES = 45


def crc32(words):
    """Return the CRC-32 (0x04C11DB7, from 0, nothing reflected) of the first 39 words, bit by bit."""
    crc = 0
    for byte in struct.pack(">39I", *words[:39]):
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def read_records(data):
    """Return (event, chip, words of half 0, words of half 1) of each complete record of 392 bytes."""
    records = []
    for place in range(HEAD_BYTES, len(data) - 391, 392):
        event, chip, length = struct.unpack_from("<iiQ", data, place)
        assert length == 41
        half0 = struct.unpack_from("<41I", data, place + 16)
        half1 = struct.unpack_from("<41I", data, place + 188)
        records.append((event, chip, half0, half1))
    return records


def decode_half(words, characterisation=True):
    """Return the rows of one half: dicts with channel, adc, adcm, toa, tot, totflag, for 37 channels and 2 CM."""
    rows = []
    for place in range(2, 39):
        word = words[place]
        channel = 36 if place == 20 else place - 2 if place < 20 else place - 3
        tc, tp = word >> 31, (word >> 30) & 1
        high, middle, toa = (word >> 20) & 1023, (word >> 10) & 1023, word & 1023
        adc, adcm, code = high, 0, middle
        if not characterisation:
            adcm, adc, code = (high, 0, middle) if tc and tp else (high, middle, 0)
        tot = (code & 511) << 3 if code >= 512 else code
        row = {"channel": channel, "adc": adc, "adcm": adcm, "toa": toa, "tot": tot, "totflag": 2 * tc + tp}
        rows.append(row)
    for number, shift in ((0, 10), (1, 0)):
        row = {
            "channel": 37 + number,
            "adc": (words[1] >> shift) & 1023,
            "adcm": 0,
            "toa": 0,
            "tot": 0,
            "totflag": 0,
        }
        rows.append(row)
    return rows


def corruption_of(records, idle=0xACCCCCCC):
    """Return for each record the corruption bits of both halves."""
    last, told = {}, []
    for event, chip, *halves in records:
        both = []
        for half, words in enumerate(halves):
            bits = 0
            header = words[0]
            if header >> 28 != 5 or header & 15 != 5:
                bits |= 1
            if crc32(words) != words[39]:
                bits |= 2
            counter = (header >> 10) & 63
            if not bits & 1:
                if (chip, half) in last:
                    event_before, counter_before = last[chip, half]
                    if (counter - counter_before) % 64 != (event - event_before) % 64:
                        bits |= 4
                last[chip, half] = event, counter
            if words[40] != idle:
                bits |= 8
            both.append(bits)
        told.append(both)
    return told


def rows_of_event(records):
    """Yield (chip, channeltype, channel, adc, tot, toa) for each channel of each record."""
    for _, chip, *halves in records:
        for half, words in enumerate(halves):
            for row in decode_half(words):
                k = row["channel"]
                kind, channel = (
                    (0, half * 36 + k) if k < 36 else (1, half) if k == 36 else (100, half * 2 + k - 37)
                )
                yield chip, kind, channel, row["adc"], row["tot"], row["toa"]


def summary_of(values):
    """Return median, iqr, mean, standard deviation, efficiency and its error of a list of values."""
    s, n = sorted(values), len(values)
    mean = sum(s) / n
    efficiency = sum(value > 0 for value in s) / n
    return {
        "median": s[n // 2],
        "iqr": s[3 * n // 4] - s[n // 4],
        "mean": mean,
        "stdd": math.sqrt(sum((value - mean) ** 2 for value in s) / n),
        "efficiency": efficiency,
        "efficiency_error": math.sqrt(efficiency * (1 - efficiency) / n),
    }


def mean_of_hits(values, circular):
    """Return the mean of the values above 0, of times on a circle of 1024 codes; None without hits."""
    hits = [value for value in values if value > 0]
    if not hits:
        return None
    if not circular:
        return sum(hits) / len(hits)
    sine = sum(math.sin(2 * math.pi * hit / 1024) for hit in hits)
    cosine = sum(math.cos(2 * math.pi * hit / 1024) for hit in hits)
    return (math.atan2(sine, cosine) / (2 * math.pi) * 1024) % 1024


def summarise(records):
    """Return for each (chip, channeltype, channel) the summary of adc, tot and toa, row by row."""
    lists = {}
    for chip, kind, channel, *values in rows_of_event(records):
        lists.setdefault((chip, kind, channel), []).append(values)
    table = {}
    for row, events in lists.items():
        columns = {}
        for quantity, values in zip(("adc", "tot", "toa"), zip(*events, strict=True), strict=True):
            columns |= {f"{quantity}_{name}": value for name, value in summary_of(values).items()}
            columns[f"{quantity}_mean_hit"] = mean_of_hits(values, quantity == "toa")
        table[row] = columns
    return table
