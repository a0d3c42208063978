"""From untrusted entries to trusted items: identity, addresses, cleaning, and when to look again.

Everything here is a function of its arguments: the time, the stored state and the headers are passed in.
"""
