"""The asking side of a test system's sockets, in both dialects.

`connection`: ``connect(network, dialect)`` returns a `board.Board`: ``base_state()``, ``become(state)``,
``initialise(settings)``, ``configure(settings)``, ``take(limit)``, ``differences(index, state)``,
``restore(state)``, ``recover(settings)``. Behind it `line`, `current_line` and `legacy_line` (the dialects),
`exchange`, `data_paths`, `ownership` (locks), `self_description`, `tdc_start`, `errors`.
"""
