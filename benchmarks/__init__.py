"""Benchmarks: `make bench`. Ratios and medians against what was measured in the same run; never a timed test."""
