"""Laboratory notebooks: import, check and estimate real data, into the same table that simulated studies give."""
