"""Telling our own network's failure from that of a server.

One server that does not answer is its own trouble. When many of different hosts do not and nobody at all
does, it is most likely ours: then nothing is learned about the sources, and nothing is held against them.
"""

from __future__ import annotations

HOSTS = 5  # so many different hosts fail
WITHIN_S = 3600.0  # in such a time, and none answers meanwhile


class Network:
    """What was heard of hosts lately. Times are those of one steady clock, in seconds."""

    def __init__(self) -> None:
        self._silent: dict[str, float] = {}

    def answered(self) -> None:
        """Some host answered, with whatever: the network is up."""
        self._silent.clear()

    def silent(self, host: str, at: float) -> bool:
        """``host`` could not be reached, or did not answer to the end; whether it is our own network."""
        self._silent[host] = at
        return self.is_ours(at)

    def is_ours(self, at: float) -> bool:
        """Whether our own network is taken to be down."""
        self._silent = {host: when for host, when in self._silent.items() if at - when < WITHIN_S}
        return len(self._silent) >= HOSTS
