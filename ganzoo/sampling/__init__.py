"""Samplers as pure TensorFlow graph code on callables: no Keras, no files, no globals.

Two callables describe a model. `propose(seed, first_row, row_count)` draws from the generator: the rows `first_row`,
`first_row + 1`, ... of the stream of an int32 [2] seed, float32 [row_count, ...]. `log_ratio(samples)` is
log p_data/p_g up to a constant, float32 [row_count]. A conditional model's callables also take the rows' labels, int64
[row_count].

A row depends only on the seed and its position, so no result depends on the batch size. `per_class` is the exception.
"""
