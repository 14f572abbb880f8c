"""Samples as pictures: drawn, and written to files."""
