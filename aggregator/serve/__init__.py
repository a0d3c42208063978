"""HTTP out: stored feeds to feed readers. Nothing here crawls."""
