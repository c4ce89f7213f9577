"""``python -m kit.hgcroc.standins FOLDER``."""

from kit.hgcroc.standins.command import main

main()
