"""One source, end to end: fetch, read, tell known from new, admit, save; and many of them, bounded."""
