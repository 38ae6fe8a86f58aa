"""The record that the driver works on: every array and number it sees, each declared once, with its shape.

Arrays of a gang have the lane as their last index; arrays of a cohort begin with the animal.
"""

from __future__ import annotations

from thecal.engine.compiled.plain_loops import Array, Kernel, Scalar

# sizes and settings
lanes = Scalar("whole")
state_count = Scalar("whole")
parameter_count = Scalar("whole")
field_count = Scalar("whole")
entry_count = Scalar("whole")  # of the Jacobian
seen_count = Scalar("whole")  # observables asked for
time_count = Scalar("whole")
first = Scalar("whole")  # members first .. last - 1 are this call's
last = Scalar("whole")
keep_states = Scalar("whole")
step_limit = Scalar("whole")
chosen_count = Scalar("whole")  # derivatives wanted; 0 for none, else there is one lane
tangent_blocks = Scalar("whole")
tangent_rows = Scalar("whole")  # of one block
tangent_width = Scalar("whole")
tseen_row = Scalar("whole")
start_d = Scalar("real")
rtol = Scalar("real")

# the model's functions; each takes the workspace
prepare = Kernel()  # p -> q
rates = Kernel()  # y -> f
stage_rates = Kernel()  # u -> f
step = Kernel()  # y, control -> k, new, jacobian
judge = Kernel()  # y, new, k, floor -> control
settle = Kernel()  # new -> y where accepted; peak, floor
observe = Kernel()  # y, new, k, p, control -> seen, look

# the same for derivatives; see tangent_code
tangent_prepare = Kernel()
tangent_step = Kernel()
tangent_settle = Kernel()
tangent_look = Kernel()

# the workspace of one gang: (rows, lanes)
workspace = Array("real", ("lanes",))  # all of it
control = Array("real", ("lanes",))  # rows: kernels.CONTROL
y = Array("real", ("lanes",))
p = Array("real", ("lanes",))
u = Array("real", ("lanes",))
f = Array("real", ("lanes",))
k = Array("real", ("state_count", "lanes"))
new = Array("real", ("lanes",))
peak = Array("real", ("lanes",))
floor = Array("real", ("lanes",))
look = Array("real", ("lanes",))
seen = Array("real", ("lanes",))

# derivatives of one animal: rows of a block begin with those of the states
tangent = Array("real", ("tangent_rows", "tangent_width"))
seed = Array("real")  # d parameter / d its value at the start: 1, or 0 once an event has set it

# where each lane stands: (lanes,)
animal = Array("whole")  # -1: none
event = Array("whole")  # the next one
event_end = Array("whole")
look_next = Array("whole")
attempts = Array("whole")
accepted = Array("whole")
rejected = Array("whole")  # how the last attempt failed: REJECTED, BROKEN_STEP, SINGULAR_STEP; 0 it did not
fresh = Array("whole")  # begins anew: at the start, after an event
reaches = Array("whole")  # this step ends at the target
mark = Array("whole")  # short-lived
time = Array("real")
target = Array("real")
next_step = Array("real")

# scratch of one animal: a dense matrix and three vectors
dense = Array("real")

# the cohort
parameters = Array("real", ("parameter_count",))
times = Array("real")
schedule_of = Array("whole")
members = Array("whole")  # the animals of this form
field_of = Array("whole")
chosen_of = Array("whole")  # parameter -> its place among the chosen, or -1
jacobian_rows = Array("whole")
jacobian_columns = Array("whole")
jacobian_places = Array("whole")  # rows of the workspace

# schedules, one behind the other; see schedules.Flat
schedule_start = Array("whole")
event_time = Array("real")
event_map = Array("whole")
event_add = Array("whole")
event_set = Array("whole")
map_row = Array("whole")
map_column = Array("whole")
map_weight = Array("real")
add_state = Array("whole")
add_base = Array("whole")
add_stride = Array("whole")
set_parameter = Array("whole")
set_base = Array("whole")
set_stride = Array("whole")
numbers = Array("real")

# results
values = Array("real", ("time_count", "seen_count"))
states = Array("real", ("time_count", "state_count"))
status = Array("whole")
steps = Array("whole")
slopes = Array("real", ("time_count", "seen_count", "chosen_count"))
mended = Array("whole")  # steps made anew with pivots
