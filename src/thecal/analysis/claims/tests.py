"""How each claim is tested on one batch of parameter draws: simulated experiments and latent means.

Every test takes the laboratory and the claim and returns what each draw showed: whether the finding was reproduced,
whether the noise-free means alone show it (``latent``), and the value the claim is about. Words used below:
*significant* is the published kind of test (two-way repeated-measures ANOVA over the visits in ``days``, arm effect,
P < 0.05, in the right direction); *unchanged* is an equivalence margin on the difference of means.
"""

from __future__ import annotations

from collections.abc import Callable

from thecal.analysis.claims import relief_tests, tissue_tests
from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.reading import Shown
from thecal.analysis.claims.register import Claim

TESTS: dict[str, Callable[[Laboratory, Claim], Shown]] = {
    name: test for room in (relief_tests, tissue_tests) for name, test in vars(room).items()
    if getattr(test, "__module__", "") == room.__name__ and name != "csf_half_life_h" and not name.startswith("_")}
