"""A thousand damaged files: a table with findings or one clear error each, in bounded time and memory."""

import resource
import time

from damaged_notebooks import damaged

from thecal.analysis.notebook.read import Notebook, read_notebook
from thecal.core.errors import ThecalError


def test_thousand_damaged_files(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read, refused, slowest = 0, 0, ("", 0.0)
    for number, (name, content) in enumerate(damaged(1000)):
        path = tmp_path / f"{number}_{name}"
        path.write_bytes(content)
        began = time.perf_counter()
        try:
            found = read_notebook([path])
            assert isinstance(found, Notebook) and found.readings["animal"].ne("").all()
            read += 1
        except ThecalError as error:
            refused += 1
            problem = error.problems[0]
            assert problem.where and problem.what and "Traceback" not in str(error) and len(str(error)) < 3000
        slowest = max(slowest, (name, time.perf_counter() - began), key=lambda item: item[1])
        path.unlink()
    assert read + refused == 1000 and read > 300 and refused > 200
    assert slowest[1] < 10, slowest  # a bound on hanging, far above what is usual
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000  # kB
