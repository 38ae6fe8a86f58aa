"""Single cells of one study arm, from the needle to the ganglion, under the drivers that the ODE of that arm gives."""

from thecal.engine.homing.conditions import Conditions, conditions_of, gives_cells
from thecal.engine.homing.course import Course, follow

__all__ = ["Conditions", "Course", "conditions_of", "follow", "gives_cells"]
