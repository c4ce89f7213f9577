"""The emulated board: a hexaboard test system that answers on real sockets, ``python -m kit.hgcroc.emulator``.

Nobody imports it: it is reached over its sockets, as a board is (`kit.hgcroc.emulator_process` starts it).

`service`, with the program around it in `command`; its roles `legacy_roles`, `current_roles`, `control_role`,
`slow_control`, `readout`, `data_client`, `run_plans`; the device itself: `hexaboard`, `injected` (faults), `chip`,
`chip_settings`, `pulse`, `triggering`, `truth`, `packing`.
"""
