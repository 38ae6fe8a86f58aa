"""Shear dispersion of a solute by oscillating flow in a gap: the number behind ``anatomy.shear_enhancement``.

Between plates at ``y = -a, a`` the mean speed swings with displacement amplitude ``dz`` and angular rate ``w``::

    u = w dz (1 - cosh(k y) / cosh(k a)) / (1 - tanh(k a) / (k a)),        k = sqrt(i w / nu)
    i w c - D c'' = -(u - w dz),  c'(-a) = c'(a) = 0
    R = -Re < (u - w dz) conj(c) > / (2 D),                                K = D (1 + R)

solved by Chebyshev collocation on the half gap. Limits: ``(w dz a / D)^2 / 105`` when flow and mixing both keep up with
the cycle, ``1.5 (dz / a)^2`` when the flow does and mixing across the gap does not.
Validity: laminar, small amplitude against length, plates (an annulus of equal gap differs by less than 1 %).
"""

from __future__ import annotations

import numpy as np


def shear_enhancement(gap_um: float, amplitude_mm: float, rate_per_min: float, diffusion_mm2_d: float,
                      viscosity_mm2_s: float = 0.693, points: int = 200) -> float:
    """``R``, the gain of dispersion over molecular diffusion.

    Arguments:
        gap_um: the whole gap, 2 a. amplitude_mm: displacement amplitude ``dz``. rate_per_min: cycles per minute.
        diffusion_mm2_d: molecular diffusivity. viscosity_mm2_s: kinematic viscosity of CSF at 37 C.
        points: collocation points; thin layers (fast cycle, slow solute) need more.
    """
    a = gap_um / 2000
    w = 2 * np.pi * rate_per_min / 60
    return plate_enhancement(a, amplitude_mm, w, diffusion_mm2_d / 86400, viscosity_mm2_s, points)


def plate_enhancement(a: float, dz: float, w: float, diffusion: float, viscosity: float, points: int = 200) -> float:
    """``R`` in one consistent set of units; see the module text."""
    nodes, first = _chebyshev(points)
    y, slope = a * (nodes + 1) / 2, first * 2 / a  # half gap, symmetric about y = 0
    k = np.sqrt(1j * w / viscosity)
    profile = 1 - np.cosh(k * y) / np.cosh(k * a)
    u = w * dz * profile / (1 - np.tanh(k * a) / (k * a))
    operator = 1j * w * np.eye(points + 1) - diffusion * slope @ slope
    forcing = -(u - w * dz)
    operator[0], operator[-1] = slope[0], slope[-1]
    forcing[0] = forcing[-1] = 0
    c = np.linalg.solve(operator, forcing)
    return float(-_mean((u - w * dz) * np.conj(c), nodes).real / (2 * diffusion))


def _chebyshev(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes on [-1, 1] and the differentiation matrix (Trefethen 2000, Spectral Methods in MATLAB, cheb)."""
    nodes = np.cos(np.pi * np.arange(points + 1) / points)
    weight = np.ones(points + 1)
    weight[[0, -1]] = 2
    weight *= (-1.0)**np.arange(points + 1)
    gaps = nodes[:, None] - nodes[None, :] + np.eye(points + 1)
    first = np.outer(weight, 1 / weight) / gaps
    return nodes, first - np.diag(first.sum(axis=1))


def _mean(values: np.ndarray, nodes: np.ndarray) -> complex:
    """Average over the half gap by Clenshaw-Curtis quadrature."""
    count = len(nodes) - 1
    coefficients = np.fft.fft(np.concatenate([values, values[-2:0:-1]])) / count
    even = np.arange(0, count + 1, 2)
    terms = coefficients[even] * (2 / (1 - even.astype(float)**2))
    terms[0] /= 2
    if count % 2 == 0:
        terms[-1] /= 2
    return complex(terms.sum() / 2)
