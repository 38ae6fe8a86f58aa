"""Injected cells one by one: the same rules as the counts of ``thecal.cells.population``, without the averaging.

``rules`` reads the register; ``wall`` is the canal's wall unrolled; ``field`` solves CXCL12 on it; ``transit`` takes
cells from the needle to where they hold the wall; ``crawl`` moves them there until they are captured or die;
``remains`` of the dead lie there until they are cleared.
"""

import os

# Threads that wait for one another must not spin: where other programs run too, that takes the processor from the
# very threads they wait for (ten times slower on two busy cores). Read when the first compiled loop starts threads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
