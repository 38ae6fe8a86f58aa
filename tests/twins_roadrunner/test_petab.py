"""The PEtab problem is valid by libpetab, and libRoadRunner on its model gives what its template says."""

import csv
import io

import numpy as np
import pytest

from thecal.engine.sbml.petab import problem_of
from thecal.study import load, resolve


@pytest.fixture(scope="module")
def files():
    plan = resolve(load("chen2015"))
    return problem_of(plan, plan.arm("bmsc_early"))


def table(files, name):
    return list(csv.DictReader(io.StringIO(files[name]), delimiter="\t"))


def test_libpetab_finds_nothing(files, tmp_path):
    petab = pytest.importorskip("petab.v1")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert not petab.lint_problem(petab.Problem.from_yaml(str(tmp_path / "problem.yaml")))


def test_template_is_what_the_model_shows(files):
    roadrunner = pytest.importorskip("roadrunner")
    rows = [row for row in table(files, "measurements.tsv") if row["observableId"] == "von_frey_log10_ipsilateral"]
    (seen,) = [row for row in table(files, "observables.tsv") if row["observableId"] == rows[0]["observableId"]]
    baseline, identifier = seen["observableFormula"].split(" - ")
    runner = roadrunner.RoadRunner(files["model.xml"])
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = 1e-9, 1e-10
    runner.timeCourseSelections = ["time", identifier]
    simulated = runner.simulate(times=[0.0, *(float(row["time"]) for row in rows)])
    expected = float(baseline) - np.array(simulated)[1:, 1]
    np.testing.assert_allclose([float(row["measurement"]) for row in rows], expected, atol=1e-5)
    assert np.ptp(expected) > 0.3  # the injury and the cells are in it


def test_priors_come_from_the_register(files):
    from thecal.core.register import load as load_register

    entry = load_register()["cells.half_life_captured"]
    (row,) = [row for row in table(files, "parameters.tsv") if row["parameterName"] == entry.id]
    mean, sd = map(float, row["objectivePriorParameters"].split(";"))
    assert entry.scale == "log" and row["parameterScale"] == "log10"
    assert mean == pytest.approx(np.log10(float(row["nominalValue"])))
    assert 10 ** (mean + 1.645 * sd) / 10 ** (mean - 1.645 * sd) == pytest.approx(entry.high / entry.low, rel=1e-3)
    assert float(row["lowerBound"]) < entry.low < entry.high < float(row["upperBound"])
