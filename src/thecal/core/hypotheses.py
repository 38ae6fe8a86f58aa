"""The rival hypotheses by name: what a study file may switch, and what the engine turns into numbers."""

STATEMENTS = {
    "H1": "paracrine TGF-b1: living cells relieve by what they secrete",
    "H2": "hit and run: cells that are eaten switch the host's macrophages and microglia",
    "H3": "IL-10, of the host or the donor",
    "H4": "extracellular vesicles with their own clearance",
    "H5": "mitochondria handed over by contact",
    "H6": "opioid release",
    "H7": "cargo released at once; living cells secrete nothing",
    "H8": "no homing: capture at a ganglion is switched off",
    "H9": "TGF-b1 excites quiet tissue",
}
DEFAULT_WEIGHTS: dict[str, float] = {name: 1.0 if name in ("H1", "H2") else 0.0 for name in STATEMENTS}
