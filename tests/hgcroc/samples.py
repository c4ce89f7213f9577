"""Words of chips for tests: everything that the wire can carry, from a seed."""

import gzip

import numpy as np

from kit.hgcroc.archive import write_archive
from kit.hgcroc.rawdata import pack

RUNS = (1, 66, 68, 77, 81, 160)  # the real files


def real_file(shared_data, run):
    return gzip.decompress((shared_data / "hgcroc" / "raw" / f"test_run_{run}.raw.gz").read_bytes())


def columns(records, seed=1, characterisation=True):
    """Return arrays as `pack` takes them; TOT as the wire can say it."""
    rng = np.random.default_rng(seed)
    shape = (records, 2, 37)
    tot = rng.integers(0, 4096, shape)
    flags = rng.integers(0, 4, shape)
    made = {
        "adc": rng.integers(0, 1024, shape),
        "toa": rng.integers(0, 1024, shape),
        "tot": np.where(tot < 512, tot, tot // 8 * 8),
        "flags": flags,
        "cm": rng.integers(0, 1024, (records, 2, 2)),
    }
    if not characterisation:
        timed = flags == 3
        made |= {"adc": np.where(timed, 0, made["adc"]), "tot": np.where(timed, made["tot"], 0)}
        made |= {"adcm": rng.integers(0, 1024, shape)}
    return made


def archive(events, chips=3, seed=1, *, flat=False, **options):
    """Return bytes of a sound raw file with random content."""
    event, chip = (a.ravel() for a in np.mgrid[0:events, 0:chips])
    header = {"counter": np.stack([(event + 5) % 64, (event + 9) % 64], axis=1)}
    words = pack(**columns(events * chips, seed), **header, **options)
    return write_archive(event, chip, words, flat=flat)


def measured(events=20, chips=3, seed=1, **options):
    """Return a summary and event arrays of random events."""
    from kit.hgcroc.events import event_arrays
    from kit.hgcroc.rawdata import decode
    from kit.hgcroc.summaries import summarise

    raw = decode(archive(events, chips, seed, **options))
    return summarise(raw, chips), event_arrays(raw, chips)


def point_columns(**changes):
    """Return what a point says of itself, a good one."""
    from kit.hgcroc.scanfile import POINT_COLUMNS

    return dict.fromkeys(POINT_COLUMNS, 0) | {"status": 1, "n_events": 20, "tries": 1, "time": 1.7e9} | changes
