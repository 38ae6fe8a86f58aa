"""Machine code ahead of the sliders: a mechanism that is switched on or off is another program, compiled once.

The engine keeps what it compiled on the disk, so this costs some ten seconds of one processor on the first start on a
machine and little on the next. Mice only: it is the animal of the index study; others compile when they are asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from thecal.core.errors import ThecalError

PAUSE_S = 0.1  # between two, so that readers come first
GIVEN = {"what": "BMSC", "dose": "2.5e5 cells", "day": "4 d"}


def compile_ahead() -> None:
    """Preview one arm with each slider of the bench moved once. A study that cannot be run is passed over."""
    from thecal.apps.web.places import places
    from thecal.apps.web.preview import preview

    for study in studies():
        time.sleep(PAUSE_S)
        for look in (preview, places):
            try:
                look.__wrapped__(json.dumps(study), "given")
            except ThecalError:  # a product without a dose in mice; the page tells of it when it is asked for
                break


def studies() -> Iterator[dict[str, Any]]:
    """The study as it is opened, then one for each hypothesis, knock-down and product."""
    from thecal.apps.web.studies import catalogue

    known = catalogue()
    yield _study(GIVEN)
    for hypothesis in known.hypotheses:
        for weight in {0.0, 0.5, 1.0} - {hypothesis.default}:
            yield _study(GIVEN, hypotheses={hypothesis.id: weight})
    for gene in known.genes:
        yield _study({**GIVEN, "remaining": {gene: "0 %"}})
    for product in known.products:
        doses = product.published_doses.get("mouse", [])
        if product.kind != "vehicle" and doses:
            yield _study({"what": product.name, "dose": doses[0], "day": GIVEN["day"]})


def _study(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "ahead", "species": "mouse", "injury": "CCI", "end": "20 d", "n": 2, **more,
            "arms": [{"id": "vehicle", "give": [{"what": "vehicle", "day": GIVEN["day"]}]},
                     {"id": "given", "give": [given]}],
            "tests": [{"assay": "von Frey", "days": [-1, 3, 7]}]}
