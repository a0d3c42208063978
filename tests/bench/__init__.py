"""How fast and how large we are, measured from the outside beside another feed reader: docs/speed.md.

``python -m tests.bench`` from the root of the repository. Nothing here asserts a speed: the figures are
printed with their targets, and only wrong counts (a request that was not made, an item that is missing)
end it with an error.
"""
