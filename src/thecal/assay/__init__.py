"""The assay room: what an experimenter does to an animal and writes down, and the threshold read from it."""
