"""What was measured, as a table for people: medians, the ratio of the two sides, and the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

# At least so many times as fast as reader on the wall.
TARGETS = {"cold": 5.0, "304s": 2.0, "unchanged": 15.0}
PEAK_MB = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Medians over the runs, and the spread of the wall times; megabytes of 10**6 octets."""

    wall_s: float
    wall_min_s: float
    wall_max_s: float
    cpu_s: float
    peak_mb: float | None

    @classmethod
    def of(cls, runs: Sequence[Mapping[str, float | None]]) -> Figures:
        walls = [run["wall_s"] or 0.0 for run in runs]
        peaks = [run["peak_mb"] for run in runs]
        known = [peak for peak in peaks if peak is not None]
        return cls(
            wall_s=median(walls),
            wall_min_s=min(walls),
            wall_max_s=max(walls),
            cpu_s=median(run["cpu_s"] or 0.0 for run in runs),
            peak_mb=median(known) if known else None,
        )


Results = Mapping[str, Mapping[str, Sequence[Mapping[str, float | None]]]]  # side, scenario, runs


def table(results: Results, scenarios: Sequence[str]) -> str:
    """A line for each scenario and side, then a line for each target."""
    figures = {
        side: {scenario: Figures.of(of_side[scenario]) for scenario in scenarios}
        for side, of_side in results.items()
    }
    lines = [f"{'scenario':<12}{'side':<9}{'wall s':>8}{'(from':>8}{'to)':>8}{'cpu s':>8}{'peak MB':>9}"]
    for scenario in scenarios:
        for side, of_side in figures.items():
            each = of_side[scenario]
            peak = "-" if each.peak_mb is None else f"{each.peak_mb:.0f}"
            lines.append(
                f"{scenario:<12}{side:<9}{each.wall_s:>8.2f}{each.wall_min_s:>8.2f}{each.wall_max_s:>8.2f}"
                f"{each.cpu_s:>8.2f}{peak:>9}"
            )
    lines.append("")
    if "ours" in figures and "reader" in figures:
        lines.extend(
            _ratio(scenario, figures["ours"][scenario], figures["reader"][scenario]) for scenario in scenarios
        )
    if "ours" in figures:
        peaks = [each.peak_mb for each in figures["ours"].values() if each.peak_mb is not None]
        if peaks:
            verdict = _verdict(max(peaks) < PEAK_MB)
            lines.append(f"peak memory: {max(peaks):.0f} MB; {verdict}: under {PEAK_MB:g} MB")
    return "\n".join(lines)


def _ratio(scenario: str, ours: Figures, peer: Figures) -> str:
    ratio = peer.wall_s / ours.wall_s
    line = (
        f"{scenario}: {ratio:.1f} times as fast as reader ({peer.cpu_s / ours.cpu_s:.1f} by processor time)"
    )
    target = TARGETS.get(scenario)
    return line if target is None else f"{line}; {_verdict(ratio >= target)}: at least {target:g}"


def _verdict(met: bool) -> str:
    return "target met" if met else "TARGET MISSED"
