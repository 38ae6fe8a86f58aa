"""Spinal slice in a bath: frequency and amplitude of spontaneous EPSCs in a few lamina II neurons.

The bath holds one concentration for some minutes; what it does to transmission is the pain room's affair and arrives
here as ratios to sham. This room adds what the rig adds: few neurons, each different, and a finite recording.

    frequency_j = f_sham x ratio x neuron_j,   events_j ~ Poisson(frequency_j x recording),  amplitude_j likewise
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, pdtr, pdtrik

from thecal.assay.settings import number
from thecal.core.streams import uniforms


@dataclass(frozen=True)
class SliceSettings:
    """Protocol, sham level and spread between neurons."""

    bath_min: float = number(
        5.0, "min", "protocol", "wash-in of a few minutes; Chen 2015 Fig 6 does not state it in text", 2.0, 10.0
    )
    recording_s: float = number(60.0, "s", "assumed", "common length of an analysed sweep", 30.0, 180.0)
    sham_frequency_hz: float = number(
        5.0, "Hz", "assumed", "recalled from lamina II recordings; Hz of Chen 2015 stand only in its plot", 2.0, 10.0
    )
    sham_amplitude_pa: float = number(
        24.6, "pA", "measured", "Mol Pain 2014 10:25 abstract: 24.64 +/- 0.91 (SEM), C57BL/6", 22.0, 27.0
    )
    frequency_cv: float = number(0.40, "fraction", "assumed", "between neurons; no raw set was found", 0.2, 0.7)
    amplitude_cv: float = number(
        0.18, "fraction", "assumed", "between neurons; 0.91 pA SEM would be 0.17 at n = 21", 0.1, 0.3
    )
    event_amplitude_cv: float = number(0.5, "fraction", "assumed", "between events of one neuron", 0.3, 0.8)


def measure(
    frequency_ratio: np.ndarray,
    amplitude_ratio: np.ndarray,
    seed: int,
    group: str,
    neurons: np.ndarray,
    visit: int,
    settings: SliceSettings = SliceSettings(),
) -> dict[str, np.ndarray]:
    """Record n neurons of one group in one bath.

    Arguments:
        frequency_ratio, amplitude_ratio: expected value relative to sham without drug, scalar or shape (n,).
        neurons: integer keys, shape (n,); the same neuron at another ``visit`` (before and after wash-in) keeps its
            character.

    Returns: ``frequency_hz``, ``amplitude_pa``, ``events`` (count), and both relative to the sham level, each of
        shape (n,).
    """
    neurons = np.asarray(neurons)
    own = ndtri(uniforms(seed, group, neurons, "slice/neuron", 0, 2))
    draws = uniforms(seed, group, neurons, "slice", visit, 2)
    scale_f, scale_a = (np.sqrt(np.log1p(cv**2)) for cv in (settings.frequency_cv, settings.amplitude_cv))
    rate = settings.sham_frequency_hz * np.asarray(frequency_ratio) * np.exp(scale_f * own[:, 0] - 0.5 * scale_f**2)
    events = _poisson(draws[:, 0], rate * settings.recording_s)
    mean = settings.sham_amplitude_pa * np.asarray(amplitude_ratio) * np.exp(scale_a * own[:, 1] - 0.5 * scale_a**2)
    error = settings.event_amplitude_cv / np.sqrt(np.maximum(events, 1.0))
    amplitude = np.where(events > 0, mean * np.exp(error * ndtri(draws[:, 1]) - 0.5 * error**2), np.nan)
    frequency = events / settings.recording_s
    return {
        "frequency_hz": frequency,
        "amplitude_pa": amplitude,
        "events": events.astype(np.int64),
        "frequency_of_sham": frequency / settings.sham_frequency_hz,
        "amplitude_of_sham": amplitude / settings.sham_amplitude_pa,
    }


def _poisson(q: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Quantiles of the Poisson distribution, as ``scipy.stats.poisson.ppf``, whose import costs a quarter second."""
    above = np.ceil(pdtrik(q, mean))
    below = np.maximum(above - 1, 0)
    return np.where(pdtr(below, mean) >= q, below, above)
