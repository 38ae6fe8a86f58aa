"""The study file and the data files as records: text, fields, records, problems."""

from thecal.study.model.records import AssayRecord, InjuryRecord, ProductRecord, SpeciesRecord
from thecal.study.model.study import Arm, Give, Study

__all__ = ["Arm", "AssayRecord", "Give", "InjuryRecord", "ProductRecord", "SpeciesRecord", "Study"]
