"""Heat, cold, preference, slice and sample: moments by hand, cut-offs, and draws that belong to the animal."""

import numpy as np
import pytest

from thecal.assay import acetone, hargreaves, place_preference, sample, slice
from thecal.assay.settings import number, provenance

N = np.arange(20_000)


def test_heat_noise_is_the_published_residual():
    """Viberg 2012: residual SD 1.03 s (0.93 to 1.12) at 5.9 s."""
    out = hargreaves.measure(np.full(N.size, 5.9), 1, "arm", N, 0)
    assert out["latency_s"].mean() == pytest.approx(5.9, abs=0.05)
    assert 0.93 < out["latency_s"].std() < 1.12
    assert out["readings_s"].shape == (N.size, 3)


def test_heat_stops_at_the_cut_off():
    out = hargreaves.measure(np.full(N.size, 40.0), 1, "arm", N, 0)
    assert out["readings_s"].max() == 20.0 and out["at_cutoff"].mean() > 2.7


def test_cold_seconds():
    out = acetone.measure(np.array([0.0, 6.0, 400.0]).repeat(4000), 1, "arm", np.arange(12_000), 0)
    none, some, much = out["seconds"].reshape(3, -1)
    assert none.max() == 0 and some.mean() == pytest.approx(6.0, abs=0.25)
    assert out["durations_s"].max() == 30.0 and much.mean() > 28


def test_preference_shows_only_ongoing_pain():
    calm, pained = (place_preference.measure(np.full(N.size, drive), 1, "arm", N, 0) for drive in (0.0, 1.0))
    assert abs(calm["difference_s"].mean()) < 3
    assert 120 < pained["difference_s"].mean() < 260
    assert (pained["after_s"] <= 900).all()
    assert np.corrcoef(calm["before_s"], calm["after_s"])[0, 1] > 0.3  # an animal keeps its liking


def test_slice_ratios_and_paired_neurons():
    before, after = (slice.measure(f, a, 1, "cci", N, visit) for visit, f, a in ((0, 2.0, 1.3), (1, 1.0, 1.0)))
    assert before["frequency_of_sham"].mean() == pytest.approx(2.0, rel=0.02)
    assert before["amplitude_of_sham"].mean() == pytest.approx(1.3, rel=0.02)
    assert np.corrcoef(np.log(before["frequency_hz"]), np.log(after["frequency_hz"]))[0, 1] > 0.8
    silent = slice.measure(0.0, 1.0, 1, "cci", N[:3], 0)
    assert silent["events"].sum() == 0 and np.isnan(silent["amplitude_pa"]).all()


def test_sample_error_and_limit():
    out = sample.measure(np.full(N.size, 100.0), 1, "arm", N, 0)
    assert out["value"].mean() == pytest.approx(100, rel=0.01)
    assert out["value"].std() == pytest.approx(100 * np.hypot(0.15, 0.08 / np.sqrt(2)), rel=0.05)
    low = sample.measure(np.full(10, 1.0), 1, "arm", N[:10], 0, sample.SampleSettings(limit=20.0))
    assert low["below_limit"].all() and (low["value"] == 20.0).all()


@pytest.mark.parametrize("room, latent", [(hargreaves, 6.0), (acetone, 3.0), (place_preference, 0.5), (sample, 5.0)])
def test_draws_belong_to_the_animal(room, latent):
    whole = room.measure(np.full(9, latent), 1, "arm", N[:9], 2)
    part = room.measure(np.full(2, latent), 1, "arm", np.array([7, 3]), 2)
    for key, values in part.items():
        assert (values == whole[key][[7, 3]]).all()
    assert any((room.measure(np.full(9, latent), 1, "arm", N[:9], 3)[k] != v).any() for k, v in whole.items())


def test_every_number_has_a_source():
    from thecal.assay.von_frey import ResponseCurve

    for settings in (
        ResponseCurve(),
        hargreaves.HargreavesSettings(),
        acetone.AcetoneSettings(),
        slice.SliceSettings(),
        place_preference.PlacePreferenceSettings(),
        sample.SampleSettings(),
    ):
        rows = provenance(settings)
        assert len(rows) == len(vars(settings)) and all(row.source and row.unit for row in rows)
        assert all(row.low <= row.value <= row.high for row in rows if row.low is not None)
    with pytest.raises(ValueError):
        number(1.0, "g", "guessed", "nowhere")
