"""Simulated clusters of the CMS electromagnetic calorimeter: truth study, training windows, datasets.

The map of rooms. Dumper files: `branches` and `events` say what one holds, `dumper` reads it with the help of
`nesting`, `assembly` and `damage`, `scrutiny` refuses what cannot be used, `sample` says which files and
events, `ledger` what became of each. Physics: `association`, `geometry`, `mustache`, `working_points`,
`seeding`, `labels`, `content`, `quantities`, `window_quantities`; `kernels` and `twins` are its innermost
loops, of which `engine` takes one, `building` puts all together. Truth: `matches`, `match_tables`,
`resolution`, `cruijff`, `resolution_tables`. Windows on disk: `features` is the layout, `tables` and `ndjson`
write, `access`, `window_files` and `ndjson_reading` read. Datasets: `collecting`, `dataset_inputs`,
`dataset_index`, `selection`, `splitting`, `shuffling`, `normalisation`, `weights`, `tfrecord`, `parts`. Events
for demos: `calorimeter`, `particles`, `showers`, `superclusters`, `demo`, `demo_windows`. Pictures: `display`,
`window_plots`, `flow_plots`, `truth_plots`, `resolution_plots`, `dataset_plots`, `plots`; `inspection` and
`window_columns`, `cluster_table`, `panel_pictures`, `panel_controls`, `panel_beside`, `panel_reading`,
`panel_exports` and `panel` look into windows. Stages: `truth`, `windows`, `datasets`.
"""
