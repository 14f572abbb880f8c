"""The programs that make the tables of RESULTS.md, each run as `python -m benchmarks.NAME`. The tests time nothing."""
