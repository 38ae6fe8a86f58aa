"""The declared model in the exchange format of systems biology, SBML Level 3.

Hucka et al. 2019, doi:10.1515/jib-2019-0021.
"""

from thecal.engine.sbml.document import Metadata, write_sbml
from thecal.engine.sbml.names import OBSERVABLE, PARAMETER, STATE, identifiers

__all__ = ["OBSERVABLE", "PARAMETER", "STATE", "Metadata", "identifiers", "write_sbml"]
