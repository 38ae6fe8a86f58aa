"""Injected cells one by one: the same rules as the counts of ``thecal.cells.population``, without the averaging.

``rules`` reads the register; ``wall`` is the canal's wall unrolled; ``field`` solves CXCL12 on it; ``transit`` takes
cells from the needle to where they hold the wall; ``crawl`` moves them there until they are captured or die.
"""
