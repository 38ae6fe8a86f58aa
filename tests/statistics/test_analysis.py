"""The whole analysis on simulated studies with known truth, and its words."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thecal.analysis.statistics import AnalysisPlan, analyse
from thecal.analysis.statistics.outcomes import relative_effect
from thecal.core.errors import ThecalError

QUICK = {"bootstraps": 50, "imputations": 5}


def study(effect=0.8, n=8, days=(-1, 3, 7, 14), seed=5, sexes=("female", "male")) -> pd.DataFrame:
    """Vehicle and cells after an injury of −1.2 log10; cells give ``effect`` back from day 7 on."""
    rng = np.random.default_rng(seed)
    rows = []
    for arm in ("vehicle", "cells"):
        for i in range(n):
            b = rng.normal(0, 0.2)
            for day in days:
                mean = 0 if day < 0 else -1.2 + effect * (arm == "cells") * (day >= 7)
                rows.append((f"{arm}{i}", arm, sexes[i % len(sexes)], day, mean + b + rng.normal(0, 0.3)))
    return pd.DataFrame(rows, columns=["animal", "group", "sex", "day", "value_log10"])


def test_a_planted_effect_is_found_where_it_is_and_said_in_words():
    found = analyse(study(), AnalysisPlan(reference="vehicle", dose_day=4, **QUICK))
    rows = found.contrasts.dropna(subset=["day"]).set_index("day")
    assert (rows.loc[[7, 14], "p_adjusted"] < 0.01).all() and rows.loc[3, "p_adjusted"] > 0.05
    assert ((rows["low"] < [0, .8, .8]) & (rows["high"] > [0, .8, .8])).all()
    relief = found.relief[0]
    assert relief.observed.onset_h == (0, 72) and relief.share > 0.9
    words = {s.kind: s.text for s in found.conclusions}
    assert "higher on days 7, 14" in words["may"] and "“no effect” on day 3" in words["may not"]


def test_json_has_the_promised_keys_and_no_nan(tmp_path):
    found = analyse(study(), AnalysisPlan(reference="vehicle", **QUICK))
    found.to_json(tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())
    assert {"name", "day", "estimate_log10_g", "low", "high"} <= set(data["contrasts"][0])
    assert data["contrasts"][-1]["day"] is None and data["variability"][0]["icc"] is not None
    names = {p.stem for p in found.write_csv(tmp_path / "csv")}
    assert {"contrasts", "model", "anova", "post_tests", "assumptions", "sensitivity", "conclusions"} <= names
    assert not list(tmp_path.rglob("*.part"))


def test_no_effect_is_claimed_only_by_equivalence():
    null = study(effect=0.0, n=40, seed=2)
    open_ = analyse(null, AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    assert not any(s.kind == "may" for s in open_.conclusions)
    closed = analyse(null, AnalysisPlan(reference="vehicle", equivalence_margin=0.4, sensitivity=False, **QUICK))
    assert any("smaller than the margin" in s.text for s in closed.conclusions if s.kind == "may")


def test_confounded_cohort_is_left_out_and_one_sex_is_named():
    table = study(sexes=("male",)).assign(cohort=lambda d: np.where(d["group"] == "cells", "b", "a"))
    found = analyse(table, AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    text = " ".join(s.text for s in found.conclusions)
    assert "cohort" in text and "every animal was male" in text
    assert not any("cohort" in t for t in found.coefficients["term"])


def test_observers_who_took_turns_by_visit_are_not_called_confounded_with_the_arms():
    table = study().assign(observer=lambda d: np.where(d["day"] > 5, "A", "B"))
    found = analyse(table, AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    assert any(f.code == "aliased" and f.where.startswith("observer") for f in found.findings)
    assert "observer" not in " ".join(s.text for s in found.conclusions)


def test_arms_that_number_their_animals_alike_are_told_apart():
    table = study().assign(animal=lambda d: d["animal"].str.extract(r"(\d+)", expand=False).astype(int))
    found = analyse(table, AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    plain = analyse(study(), AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    assert found.animals == {"vehicle": 8, "cells": 8}
    assert np.allclose(found.contrasts["estimate"], plain.contrasts["estimate"])


def test_two_paws_in_one_table_are_refused():
    table = pd.concat([study().assign(paw="left"), study().assign(paw="right")])
    with pytest.raises(ThecalError, match="more than one paw"):
        analyse(table, AnalysisPlan(**QUICK))


def test_excluded_animals_come_back_only_in_the_sensitivity_analysis():
    table = study().assign(included=lambda d: ~d["animal"].isin(["cells0"]))
    found = analyse(table, AnalysisPlan(reference="vehicle", **QUICK))
    assert found.animals == {"vehicle": 8, "cells": 7} and any(f.code == "excluded" for f in found.findings)
    assert "excluded animals brought back" in set(found.sensitivity["analysis"])


def test_missed_visits_leave_the_classical_anova_but_not_the_model():
    table = study().drop(index=[3, 17])
    found = analyse(table, AnalysisPlan(reference="vehicle", sensitivity=False, **QUICK))
    assert found.anova.set_index("term").loc["arm", "df2"] == 16 - 2 - 2
    assert any(f.code == "incomplete" for f in found.findings) and sum(found.animals.values()) == 16


@pytest.mark.parametrize(("change", "words"), [
    (lambda d: d.drop(columns="day"), "lack the column"),
    (lambda d: d.assign(value_log10="x"), "not a number"),
    (lambda d: d.assign(group="a"), "only one arm"),
    (lambda d: d.assign(group=np.where(d["day"] > 5, "late", d["group"])), "more than one arm"),
    (lambda d: d.assign(value_log10=1.0), "do not vary"),
    (lambda d: d.iloc[:0], "no readings"),
])
def test_bad_tables_give_one_clear_error(change, words):
    with pytest.raises(ThecalError, match=words):
        analyse(change(study()), AnalysisPlan(**QUICK))


def test_bad_plans_name_the_choice_and_the_arm():
    with pytest.raises(ThecalError, match="holm, bonferroni"):
        AnalysisPlan(adjust="tukey")
    with pytest.raises(ThecalError, match="arms that have no readings"):
        analyse(study(), AnalysisPlan(reference="saline", **QUICK))


def test_heat_at_the_cutoff_is_censored():
    rng = np.random.default_rng(3)
    table = study(effect=0).drop(columns="value_log10")
    mean = np.where((table["group"] == "cells") & (table["day"] > 5), 1.25, 0.9)
    true = 10 ** rng.normal(mean, 0.08)
    plan = AnalysisPlan(outcome="latency", reference="vehicle", cutoff=20.0, sensitivity=False, bootstraps=50)
    found = analyse(table.assign(value=np.minimum(true, 20)), plan)
    bound = analyse(table.assign(value=np.minimum(true, 20)), AnalysisPlan(
        outcome="latency", reference="vehicle", cutoff=20.0, censoring="bound", sensitivity=False, bootstraps=50))
    at = [f.contrasts.dropna(subset=["day"]).set_index("day").loc[14, "estimate"] for f in (found, bound)]
    assert abs(at[0] - 0.35) < 0.08 and at[1] < at[0]


def test_cold_with_zeros_has_two_parts():
    rng = np.random.default_rng(3)
    table = study(effect=0).drop(columns="value_log10")
    seconds = np.where(table["day"] < 0, 0, 10 ** rng.normal(np.where(table["group"] == "cells", 0, 0.8), 0.3))
    plan = AnalysisPlan(outcome="seconds", reference="vehicle", sensitivity=False, **QUICK)
    found = analyse(table.assign(value=np.where(seconds < 0.5, 0, seconds)), plan)
    assert {"share", "p_share_adjusted", "estimate_log10_s"} <= set(found.two_part)
    assert (found.contrasts["high"] < 0).all()


def test_scores_use_relative_effects():
    table = study().assign(value=lambda d: np.clip(np.round(2 - 2 * d["value_log10"]), 0, 5))
    found = analyse(table, AnalysisPlan(outcome="score", reference="vehicle", **QUICK))
    rows = found.contrasts.set_index("day")
    assert rows.loc[3, "p_adjusted"] > 0.05 > rows.loc[14, "p_adjusted"] and rows.loc[14, "estimate"] < 0.5
    assert found.model.empty and "P(higher)" in " ".join(s.text for s in found.conclusions)


def test_relative_effect_is_brunner_and_munzels_worked_example():
    # pain scores after surgery, Brunner & Munzel 2000, section 4: W = 3.1375, df = 17.683, p = 0.0058
    active = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
    control = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]
    found = relative_effect(control, active)
    assert [found.t, found.df, found.p] == pytest.approx([3.1374674823029505, 17.682841979, 0.0057862086661515377])
    assert found.value == pytest.approx(0.788961, abs=1e-6)
    apart = relative_effect([1, 2, 3, 4], [7, 8, 9, 9])
    assert apart.exact and apart.p == pytest.approx(2 / 70) and apart.value == 0
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 9), rng.integers(1, 6, 7)
    assert relative_effect(x, y).p == pytest.approx(stats.brunnermunzel(x, y).pvalue)


@pytest.mark.parametrize("method", ["kenward-roger", "satterthwaite"])
def test_one_reading_per_animal_is_welch_and_student(method):
    # an ELISA on one day: with a variance for each arm the model is Welch's t test, with one variance Student's
    rng = np.random.default_rng(6)
    values = {"vehicle": rng.normal(1.9, 0.1, 6), "bmsc": rng.normal(2.2, 0.25, 5)}
    rows = [(f"{a}{i}", a, 8, x) for a, v in values.items() for i, x in enumerate(v)]
    table = pd.DataFrame(rows, columns=["animal", "arm", "day", "value"])
    for by, equal in (("arm", False), (None, True)):
        found = analyse(table, AnalysisPlan(outcome="value", reference="vehicle", residual_by=by, method=method,
                                            sensitivity=False, **QUICK)).contrasts.iloc[0]
        twin = stats.ttest_ind(values["bmsc"], values["vehicle"], equal_var=equal)
        interval = twin.confidence_interval()
        assert found["t"] == pytest.approx(twin.statistic)
        if method == "satterthwaite" or equal:
            assert [found["df"], found["p"], found["low"], found["high"]] == pytest.approx(
                [twin.df, twin.pvalue, interval.low, interval.high])
        else:
            assert found["df"] == pytest.approx(twin.df, rel=0.25)
