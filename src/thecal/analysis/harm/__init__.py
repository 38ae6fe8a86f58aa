"""Harm with the same care as benefit: hazards, what they rest on, and the balance with what may be gained.

A rate that nobody has measured is unknown. It is never zero, and no weight of one harm against another is set here.
"""
