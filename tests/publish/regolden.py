"""Write the golden documents anew, for review: ``make golden``."""

from __future__ import annotations

import runpy
from pathlib import Path

from aggregator.publish import render

HERE = Path(__file__).parent


def main() -> None:
    for view_name, make in runpy.run_path(str(HERE / "conftest.py"))["GOLDEN"].items():
        for name, chosen in render.FORMATS.items():
            target = HERE / "golden" / f"{view_name}.{chosen.extension}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(render.render(name, make()).body)


if __name__ == "__main__":
    main()
