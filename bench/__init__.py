"""Benchmarks: ours beside hand-written SQL and bare views, in one run, as ratios. Never run as tests."""
