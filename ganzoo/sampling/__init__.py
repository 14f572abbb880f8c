"""Samplers as pure TensorFlow graph code on callables: no Keras, no files, no globals.

Two callables describe a model. `propose(seed, first_row, rows)` draws from the generator: rows `first_row`, ... of the
stream of an int32 [2] seed, float32 [rows, ...]. `log_ratio(samples)` is log p_data/p_g up to a constant, float32
[rows]. Because rows depend on the seed and their position alone, no result depends on the batch size, but for
`conditional`, which says so. Of a conditional model both callables take the rows' labels, int64 [rows], as well.
"""
