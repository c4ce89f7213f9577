"""Stand-ins for the programs that the original software calls, ``python -m kit.hgcroc.standins FOLDER``.

`client` (`daq-client`), `unpack` and `fracker` (whose table is `kit.hgcroc.compound_table`); `command` writes them
into a folder.
"""
