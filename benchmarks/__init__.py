"""What RESULTS.md's tables are made by, each as `python -m benchmarks.NAME`. No test times anything; these do."""
