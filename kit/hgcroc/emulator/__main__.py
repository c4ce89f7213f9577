"""``python -m kit.hgcroc.emulator --help``."""

from kit.hgcroc.emulator.command import main

main()
