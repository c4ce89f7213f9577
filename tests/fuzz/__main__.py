"""Coverage-guided fuzzing of one parser, with atheris.

    python -m tests.fuzz TARGET [--seconds 600] [options of libFuzzer]

Inputs that the parser does not refuse as it should are kept in the working directory as ``crash-…``; put them into
``tests/fuzz/corpus/TARGET`` when they are mended. Needs ``pip install -e '.[fuzz]'``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
MEMORY = Path("/dev/shm")


def main() -> None:
    """Fuzz until the time is over, or something is found."""
    import atheris

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    given, others = parser.parse_known_args()
    with atheris.instrument_imports(include=["kit"]):
        from tests.fuzz.mutations import mutate
        from tests.fuzz.targets import TARGETS

        target = TARGETS[given.target]
        with tempfile.TemporaryDirectory() as warm:
            for seed in sorted((CORPUS / given.target).iterdir()):
                target.feed(seed.read_bytes(), Path(warm))  # what is imported late is watched, too
    folder = Path(tempfile.mkdtemp(prefix="fuzz_", dir=MEMORY if MEMORY.is_dir() else None))

    def one(content: bytes) -> None:
        target.feed(content, folder)

    def change(content: bytes, longest: int, seed: int) -> bytes:
        draw = random.Random(seed)
        return bytes(atheris.Mutate(content, longest) if draw.random() < 0.5 else mutate(content, draw)[:longest])

    grown = folder / "grown"
    grown.mkdir()
    words = [sys.argv[0], str(grown), str(CORPUS / given.target), f"-max_total_time={given.seconds}", *others]
    atheris.Setup(words, one, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
