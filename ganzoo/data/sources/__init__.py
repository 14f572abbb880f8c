"""Where reals come from, a file for each source; `ganzoo/data/names.py` has the table of them."""
