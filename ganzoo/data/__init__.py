"""Reals: named, loaded, split into parts that never mix, and dealt out in batches."""
