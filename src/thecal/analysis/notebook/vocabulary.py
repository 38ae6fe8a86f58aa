"""The words of laboratories: what a column holds and which test is meant."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any, Literal, get_args

# What a column holds, and how it may be called, compared without case, spaces, marks and brackets.
_CALLED = {
    "animal": (
        "animal animalid animalno animalnumber animalname mouse mouseid mouseno mousenumber rat ratid ratno "
        "subject subjectid id tag eartag tier maus ratte souris"
    ),
    "day": (
        "day days time timepoint visit dpi dpo pod daypostinjury daypostsurgery week timepointsniday "
        "timepointday date session"
    ),
    "series": (
        "xoseries series xo ox updown pattern sequence responsesxo observation responsepattern updownseries "
        "responsesequence oxseries oxsequence xosequence"
    ),
    "last_filament": (
        "lastfilament last finalfilament lastfilamentnumber xf lastvonfrey finalhair lasthair lastfilamentg "
        "lastforce lastforceg lastg lasthandle endfilament"
    ),
    "first_filament": "firstfilament startfilament start first",
    "group": "group groupname treatment condition arm treatmentgroup gruppe genotypeid genotype",
    "group_id": "groupid groupno groupnumber groupcode",
    "sex": "sex gender mf",
    "cohort": "cohort batch block litter cage",
    "observer": "observer experimenter tester ratedby operator initials",
    "paw": "paw side hindpaw leg",
    "included": "includeinanalysis include included accept accepted keep valid",
    "excluded": "exclude excluded reject rejected",
    "comment": "comment comments note notes remark remarks bemerkung",
    "assay": "assay test testname measure outcome",
    "stimulus": "stimulus stim",
    "trial": "trial replicate reading repeat rep measurement",
    "force": "force forceg filament filamentg vfg vonfreyg",
    "responses": "responses withdrawals numberofresponses nresponses positive nwithdrawals",
    "touches": "touches trials stimulations applications outof ntrials",
    "value": "value result measurementvalue y grams seconds",
    "von_frey": (
        "threshold thresholdg pwt pwtg 50threshold 50thresholdg 50pwt vonfrey vonfreythreshold "
        "50withdrawalthreshold withdrawalthreshold vf 50g mechanicalthreshold pawwithdrawalthreshold"
    ),
    "electronic_von_frey": "electronicvonfrey evf evfg electronicvf algometer dynamicplantar electronicvonfreyg",
    "hargreaves": (
        "hargreaves hargreavess latency latencys pwl pwls heatlatency thermallatency pawwithdrawallatency "
        "withdrawallatency plantar heat"
    ),
    "cold_plate": "coldplate coldlatency coldplates coldlatencys",
    "acetone": "acetone acetones acetoneseconds acetoneduration cold coldduration",
    "score": "score painscore grimace grimacescore guardingscore mgs rgs",
    "place_preference": "cpp placepreference cpps preferences cppscore",
}
COLUMNS = {meaning: tuple(names.split()) for meaning, names in _CALLED.items()}
Assay = Literal[
    "von_frey",
    "electronic_von_frey",
    "hargreaves",
    "cold_plate",
    "acetone",
    "score",
    "place_preference",
    "percent_response",
]
ASSAYS: tuple[str, ...] = get_args(Assay)
UNITS = {
    "von_frey": "g",
    "electronic_von_frey": "g",
    "hargreaves": "s",
    "cold_plate": "s",
    "acetone": "s",
    "score": "points",
    "place_preference": "s",
    "percent_response": "g",
}
_NAMES = {name: key for key, names in COLUMNS.items() for name in names}


@functools.lru_cache(maxsize=8192)
def plain(name: Any) -> str:
    """A name without case, spaces, marks and brackets."""
    text = unicodedata.normalize("NFKC", str(name)).lower().replace("%", "")
    return re.sub(r"[^a-z0-9äöüéèß]+", "", text)


def column_meaning(name: Any) -> str:
    """What a column holds, or "" if the name is not known. A number behind the name (latency 2) is a repeat."""
    if not isinstance(name, str):
        return ""
    key = plain(name)
    if key in _NAMES:
        return _NAMES[key]
    repeated = _NAMES.get(re.sub(r"\d{1,2}", "", key), "")
    return repeated if repeated in ASSAYS else ""


def assay_meaning(name: Any) -> str:
    """The test a cell names ("Hargreaves", "von Frey"), or ""."""
    key = plain(name)
    found = _NAMES.get(key, "")
    return found if found in ASSAYS else next((a for a in ASSAYS if plain(a) == key), "")
