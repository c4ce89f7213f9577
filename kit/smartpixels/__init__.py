"""Smart pixels: from the charge that PixelAV simulates to the voltage at the amplifiers' output.

The stage is `convolution`, its parameters are in `options`. The rooms behind it, along the way of a cluster:

file → text
    `remote`, `stream`; a damaged file goes through `salvage`
text → charge
    `pixelav` (the format), `recognition`, `reader`, block by block into `blocks`; odd clusters through `scrutiny`
charge → voltage
    `pulses` (from `csv_cells`), `amplifier`, `voltages`
voltage → codes
    `digitisation`, `delays`
results
    `printing` (text), `labels`, `tables`, `table_set`; `outputs` names them, `delivery` takes them elsewhere
a file from end to end
    `production`; `tally` counts and `example` keeps what the figures show
the loops
    `engine` chooses: compiled `kernels`, `parse_kernels`, `print_kernels` (on `word_kernels`), or in NumPy
    `twins` and `text_twins`; all work on `text`
pictures
    `plots`, from `cluster_plots` and `distribution_plots`
the panel
    `panel` with `panel_controls`; `random_access` finds a cluster, `cluster_view` computes it, `scene` says what
    is looked at, `view_plots` draws and `exports` writes it
demo
    `demo`
"""
