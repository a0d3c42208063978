"""Write the golden documents anew, for review: ``python tests/publish/regolden.py``."""

from __future__ import annotations

import runpy
from pathlib import Path

from aggregator.publish import render

HERE = Path(__file__).parent


def main() -> None:
    view = runpy.run_path(str(HERE / "conftest.py"))["rich"]()
    for name, chosen in render.FORMATS.items():
        target = HERE / "golden" / f"rich.{chosen.extension}"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(render.render(name, view).body)


if __name__ == "__main__":
    main()
