"""CXCL12 on the wall: diffusion, loss, binding to heparan sulphate, uptake by cells, smearing by flow.

    dC/dt = D (1 + smear) C_xx + D C_yy - k C - k_on C (H - B) + k_off B - u n C + s(x, y, t)
    dB/dt = k_on C (H - B) - k_off B                                         k_on = k_off / K_HS

Strang splitting. Diffusion, loss and source are solved exactly in time on the finite-volume grid (cosine transform
along, closed ends; Fourier around); binding exactly at each node (a Riccati equation); so the only error in time is
that of the splitting, second order, and no step is too long to be stable.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import fft


@dataclass
class WallField:
    """One dissolved substance on the wall. ``free`` and ``bound`` are in nM (or any unit), (along, around)."""

    step_mm: tuple[float, float]
    shape: tuple[int, int]
    diffusion_mm2_d: tuple[float, float]
    loss_per_d: float
    sites: float = 0.0
    affinity: float = 1.0
    release_per_d: float = 1.0
    free: np.ndarray = field(init=False)
    bound: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.free, self.bound = np.zeros(self.shape), np.zeros(self.shape)
        nx, ny = self.shape
        along = 4 * np.sin(np.pi * np.arange(nx) / (2 * nx))**2 * self.diffusion_mm2_d[0] / self.step_mm[0]**2
        around = 4 * np.sin(np.pi * np.arange(ny // 2 + 1) / ny)**2 * self.diffusion_mm2_d[1] / self.step_mm[1]**2
        self._rates = along[:, None] + around[None, :] + self.loss_per_d

    def steady(self, source: np.ndarray) -> np.ndarray:
        """The free concentration at which a constant source comes to rest (uptake by cells left out)."""
        return _back(_forth(source) / self._rates, self.shape)

    def settle(self, source: np.ndarray) -> None:
        """Put the field at rest under a source, its bound part in equilibrium."""
        self.free = self.steady(source)
        self.bound = self.sites * self.free / (self.free + self.affinity)

    def advance(self, source: np.ndarray, dt_d: float, uptake_per_d: np.ndarray | float = 0.0) -> None:
        """One step of ``dt_d`` days under a constant source (per day) and uptake by cells."""
        self._exchange(dt_d / 2, uptake_per_d)
        decay = np.exp(-self._rates * dt_d)
        spectrum = _forth(self.free) * decay + _forth(source) * (1 - decay) / self._rates
        self.free = np.maximum(_back(spectrum, self.shape), 0.0)
        self._exchange(dt_d / 2, uptake_per_d)

    def _exchange(self, dt_d: float, uptake_per_d: np.ndarray | float) -> None:
        self.free = self.free * np.exp(-np.asarray(uptake_per_d) * dt_d)
        if self.sites > 0:
            whole = self.free + self.bound
            self.bound = bound_after(self.bound, whole, self.sites, self.affinity, self.release_per_d, dt_d)
            self.free = whole - self.bound


def bound_after(bound: np.ndarray, whole: np.ndarray, sites: float, affinity: float, release_per_d: float,
                dt_d: float) -> np.ndarray:
    """Exact solution of ``dB/dt = k_on (T - B)(H - B) - k_off B`` with ``T = C + B`` kept."""
    middle = whole + sites + affinity
    root = np.sqrt(middle**2 - 4 * whole * sites)
    high = (middle + root) / 2
    low = whole * sites / high
    fall = np.exp(-release_per_d / affinity * root * dt_d)
    share = (bound - low) / (bound - high) * fall
    return (low - share * high) / (1 - share)


def _forth(values: np.ndarray) -> np.ndarray:
    return fft.rfft(fft.dct(values, type=2, axis=0), axis=1)


def _back(spectrum: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return fft.idct(fft.irfft(spectrum, n=shape[1], axis=1), type=2, axis=0)
