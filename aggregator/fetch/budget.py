"""The time that a poll may take, without its waiting for politeness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Budget:
    """The seconds that one poll has and has used, over all its hops. ``answered``: some server did, on the
    way."""

    total_s: float
    used_s: float = 0.0
    answered: bool = False

    @property
    def left_s(self) -> float:
        return self.total_s - self.used_s

    def charge(self, part: Budget) -> None:
        """Count what was done with a part of it."""
        self.used_s += part.used_s
        self.answered = self.answered or part.answered
