"""`make bench`: how fast it is, as ratios to something bare on the same machine in the same run."""
