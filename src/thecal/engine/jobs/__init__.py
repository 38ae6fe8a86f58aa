"""The job folder: what a run has done, kept so that a killed run loses nothing and hides nothing.

A run is cut into chunks of animals. A chunk is a pure function of the plan, the arm, the animals and the
seed, so it may be computed anywhere, in any order, and again. What is finished is an immutable Parquet
part and a row in the catalogue; nothing else counts. The written schema is docs/reference/job-folder.md.
"""

from thecal.engine.jobs.executors import DaskExecutor, Executor, LokyExecutor, SerialExecutor
from thecal.engine.jobs.folder import JobFolder
from thecal.engine.jobs.provenance import collect_provenance
from thecal.engine.jobs.records import Arm, Chunk, Progress, chunks_of
from thecal.engine.jobs.results import Results
from thecal.engine.jobs.run import Stopped, run_chunks

__all__ = [
    "Arm", "Chunk", "DaskExecutor", "Executor", "JobFolder", "LokyExecutor", "Progress", "Results", "SerialExecutor",
    "Stopped", "chunks_of", "collect_provenance", "run_chunks",
]
