"""The published studies as data: checked tables, queries, synthesis, and what they hand over to the model.

A blank cell means "not read". Nothing here turns a missing number into a number.
"""
