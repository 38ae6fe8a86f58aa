"""Linear mixed model by REML, with small-sample inference (Kenward–Roger, Satterthwaite).

    y_i = X_i β + e_i,   e_i ~ N(0, V_i),   V_i = Σ_r θ_r K_ri

for animals i = 1…m. Every covariance structure used here is *linear* in its parameters θ (a random intercept per animal
plus one residual variance, or one per arm or visit), so the second derivatives of V vanish and Kenward and Roger's
formulas are exact for it. Animals with fewer visits are padded: a padded row has zero in y, X and K and 1 on the
diagonal of V, and so adds nothing anywhere.

Sources: Patterson & Thompson 1971 (REML); Kenward & Roger 1997, Biometrics 53:983; Satterthwaite 1946; Fai & Cornelius
1996 (joint tests). Twins: R lme4, lmerTest, pbkrtest, nlme (tests/twins_r).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]
KENWARD_ROGER, SATTERTHWAITE = "kenward-roger", "satterthwaite"
NESTED = "animal in arm"        #: variance of an animal's arms around the animal, in paired designs


@dataclass(frozen=True)
class Blocks:
    """Data of one fit, one block per animal: y (m, v), X (m, v, p), mask (m, v), kernels (r, m, v, v)."""

    y: Floats
    X: Floats
    mask: NDArray[np.bool_]
    kernels: Floats
    columns: tuple[str, ...]
    variances: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of readings."""
        return int(self.mask.sum())


@dataclass(frozen=True)
class Estimate:
    """A linear combination of fixed effects with its small-sample inference."""

    value: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class JointTest:
    """An F test that several linear combinations are all zero."""

    F: float
    df1: float
    df2: float
    p: float


@dataclass(frozen=True)
class _Gram:
    """Everything that depends on θ alone."""

    Vinv: Floats           # (m, v, v)
    logdet: float
    VX: Floats             # V⁻¹X (m, v, p)
    information: Floats    # X'V⁻¹X (p, p)
    phi: Floats            # its inverse
    beta: Floats
    Py: Floats             # (m, v)


def blocks(y: Floats, X: Floats, animal: NDArray, residual: NDArray | None = None, columns: tuple[str, ...] = (),
           residual_names: tuple[str, ...] = ("residual",), nested: NDArray | None = None) -> Blocks:
    """Arrange long data by animal.

    Arguments:
        y: (n,) readings. X: (n, p) design. animal: (n,) labels.
        residual: (n,) integer class of the residual variance; None for one variance.
        nested: (n,) integer labels inside an animal (its paws, its periods) that share an effect of their own, or None.
    """
    _, index = np.unique(animal, return_inverse=True)
    order = np.argsort(index, kind="stable")
    counts = np.bincount(index)
    m, v = counts.size, int(counts.max())
    slot = np.concatenate([np.arange(c) for c in counts])
    place = (index[order], slot)
    mask, Y, XX = np.zeros((m, v), bool), np.zeros((m, v)), np.zeros((m, v, X.shape[1]))
    kind = np.full((m, v), -1)
    mask[place], Y[place], XX[place] = True, np.asarray(y, float)[order], X[order]
    kind[place] = 0 if residual is None else np.asarray(residual)[order]
    eye = np.eye(v)
    kernels = [(mask[:, :, None] & mask[:, None, :]).astype(float)]
    kernels += [(kind == k)[:, :, None] * eye for k in range(len(residual_names))]
    names = ("animal", *residual_names)
    if nested is not None:
        part = np.full((m, v), -1)
        part[place] = np.asarray(nested)[order]
        kernels.append(((part[:, :, None] == part[:, None, :]) & mask[:, :, None]).astype(float) * kernels[0])
        names = (*names, NESTED)
    return Blocks(Y, XX, mask, np.array(kernels), columns or tuple(f"x{j}" for j in range(X.shape[1])), names)


def reml(data: Blocks, bounded: bool = True, start: Floats | None = None) -> Fit:
    """Fit by restricted maximum likelihood.

    Arguments:
        bounded: keep the variance between animals ≥ 0 (as lme4 does). Unbounded, it is the covariance of two visits
            of an animal and may be slightly negative; balanced data then give exactly the classical ANOVA.
        start: (r,) variances to begin from, such as those of nearly the same data; the optimum is the same.

    Errors: ValueError when X lacks full column rank or no degrees of freedom are left.
    """
    n, p = data.n, data.X.shape[2]
    flat = data.X[data.mask]
    if n <= p or np.linalg.matrix_rank(flat) < p:
        raise ValueError(f"{n} readings cannot determine {p} fixed effects")
    ols = np.linalg.lstsq(flat, data.y[data.mask], rcond=None)[0]
    scale = float(np.mean((data.y[data.mask] - flat @ ols) ** 2)) * n / (n - p)
    if not scale > 1e-12 * max(1.0, float(np.var(data.y[data.mask]))):
        raise ValueError("the readings do not vary around the fitted means; nothing can be tested")
    r = len(data.variances)
    visits = data.mask.shape[1]
    lowest = 0.0 if bounded else -1.0 / max(visits, 2)
    single = visits == 1                       # one reading per animal: nothing tells animal from residual
    bounds = [(0.0, 0.0) if single else (lowest, 1e3)] + [(1e-6, 1e3)] * (r - 1)

    def objective(x: Floats) -> tuple[float, Floats]:
        try:
            value, gradient = _deviance(data, x * scale)
        except np.linalg.LinAlgError:
            return 1e10, np.zeros(r)
        return value, gradient * scale

    first = np.array([0.3, *[0.7] * (r - 1)]) if start is None else np.maximum(start / scale, 1e-2)
    first[0] = 0.0 if single else first[0]
    found = optimize.minimize(objective, first, jac=True, bounds=bounds, method="L-BFGS-B",
                              options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}).x
    found = _polish(data, found, scale, bounds)
    return Fit(data, found * scale, at_bound=bool((bounded or single) and found[0] <= 1e-9))


class Fit:
    """A fitted model: estimates, variance components, and tests of linear combinations."""

    def __init__(self, data: Blocks, theta: Floats, at_bound: bool = False) -> None:
        self.data, self.theta, self.at_bound = data, theta, at_bound
        self._gram = _gram(data, theta)
        self.beta, self.phi = self._gram.beta, self._gram.phi
        self.loglik = -0.5 * _deviance(data, theta, self._gram)[0]
        self.n, self.p = data.n, data.X.shape[2]

    @property
    def variances(self) -> dict[str, float]:
        """Variance components by name: between animals first, then residual."""
        return dict(zip(self.data.variances, map(float, self.theta), strict=True))

    def residuals(self) -> tuple[Floats, Floats]:
        """Conditional residuals (n,) in block order, and predicted animal effects (m,)."""
        raw = (self.data.y - self.data.X @ self.beta) * self.data.mask
        effect = self.theta[0] * np.sum(self._gram.Py * self.data.mask, axis=1)
        return (raw - effect[:, None])[self.data.mask], effect

    def contrast(self, weights: Floats, method: str = KENWARD_ROGER, level: float = 0.95) -> Estimate:
        """Estimate and test of ``weights @ beta`` (weights (p,)), with a confidence interval."""
        w = np.asarray(weights, float)
        if method == KENWARD_ROGER:
            variance, df = float(w @ self.phi_adjusted @ w), self._kr_df(w[None, :])[0]
        else:
            variance, df = float(w @ self.phi @ w), self._satterthwaite(w)
        if not (variance > 0 and df > 0):
            raise ValueError("too few readings to tell how uncertain this difference is")
        value, se = float(w @ self.beta), float(np.sqrt(variance))
        t = value / se
        half = float(stats.t.ppf(0.5 + level / 2, df)) * se
        return Estimate(value, se, df, t, float(2 * stats.t.sf(abs(t), df)), value - half, value + half)

    def joint(self, weights: Floats, method: str = KENWARD_ROGER) -> JointTest:
        """F test that all rows of ``weights`` (q, p) give zero; rows must be independent."""
        L = np.atleast_2d(np.asarray(weights, float))
        q, b = L.shape[0], L @ self.beta
        if method == KENWARD_ROGER:
            df2, scaling = self._kr_df(L)
            F = scaling * float(b @ np.linalg.solve(L @ self.phi_adjusted @ L.T, b)) / q
        else:
            values, vectors = np.linalg.eigh(L @ self.phi @ L.T)
            F = float(np.sum((vectors.T @ b) ** 2 / values)) / q
            df2 = _joint_df(np.array([self._satterthwaite(v @ L) for v in vectors.T]))
        return JointTest(F, float(q), df2, float(stats.f.sf(F, q, df2)))

    def covariance(self, method: str = KENWARD_ROGER) -> Floats:
        """Covariance (p, p) of the fixed effects that belongs to the chosen inference."""
        return self.phi_adjusted if method == KENWARD_ROGER else self.phi

    # -- pieces of the two methods -------------------------------------------------------------------------------

    @functools.cached_property
    def _P(self) -> Floats:
        """P_r = −X'V⁻¹K_rV⁻¹X, shape (r, p, p)."""
        VX = self._gram.VX
        return -np.array([_pairs(VX, K @ VX) for K in self.data.kernels])

    @functools.cached_property
    def _Q(self) -> Floats:
        """Q_rs = X'V⁻¹K_rV⁻¹K_sV⁻¹X, shape (r, r, p, p)."""
        KVX = [K @ self._gram.VX for K in self.data.kernels]
        VKVX = [self._gram.Vinv @ k for k in KVX]
        return np.array([[_pairs(a, b) for b in VKVX] for a in KVX])

    @functools.cached_property
    def _expected(self) -> Floats:
        """tr(P K_r P K_s), twice the expected information of θ, shape (r, r)."""
        VK = [self._gram.Vinv @ K for K in self.data.kernels]
        trace = np.array([[np.sum(a * b.swapaxes(1, 2)) for b in VK] for a in VK])
        PhiP = [self.phi @ P for P in self._P]
        return (trace - 2 * np.einsum("pq,rsqp->rs", self.phi, self._Q)
                + np.array([[np.sum(a * b.T) for b in PhiP] for a in PhiP]))

    @functools.cached_property
    def _W(self) -> Floats:
        """Asymptotic covariance of θ from the expected information."""
        return np.asarray(2 * np.linalg.pinv(self._expected, rcond=1e-12, hermitian=True), float)

    @functools.cached_property
    def phi_adjusted(self) -> Floats:
        """Kenward and Roger's covariance of β: adds what the estimation of θ costs."""
        PhiP = np.array([P @ self.phi @ S for P in self._P for S in self._P]).reshape(self._Q.shape)
        inner = np.einsum("rs,rspq->pq", self._W, self._Q - PhiP)
        adjusted = self.phi + 2 * self.phi @ inner @ self.phi
        return (adjusted + adjusted.T) / 2

    @functools.cached_property
    def _A(self) -> Floats:
        """Covariance of θ from the observed information (what lmerTest uses); a component at its bound is fixed."""
        Py, Vinv, K = self._gram.Py, self._gram.Vinv, self.data.kernels
        KPy = np.einsum("rmvw,mw->rmv", K, Py)
        VKPy = np.einsum("mvw,rmw->rmv", Vinv, KPy)
        XVKPy = np.einsum("mvp,rmv->rp", self._gram.VX, KPy)
        quadratic = np.einsum("rmv,smv->rs", KPy, VKPy) - XVKPy @ self.phi @ XVKPy.T
        observed = quadratic - self._expected / 2
        keep = np.arange(len(self.theta)) if not self.at_bound else np.arange(1, len(self.theta))
        A = np.zeros_like(observed)
        A[np.ix_(keep, keep)] = np.linalg.pinv(observed[np.ix_(keep, keep)], rcond=1e-12, hermitian=True)
        return A

    def _satterthwaite(self, w: Floats) -> float:
        u = self.phi @ w
        gradient = -np.einsum("p,rpq,q->r", u, self._P, u)
        spread = float(gradient @ self._A @ gradient)
        return float(2 * (w @ u) ** 2 / spread) if spread > 0 else np.nan

    def _kr_df(self, L: Floats) -> tuple[float, float]:
        """Denominator df and F scaling of Kenward and Roger 1997, section 3."""
        q = L.shape[0]
        phi = self.phi
        theta = L.T @ np.linalg.solve(L @ phi @ L.T, L)
        M = [theta @ phi @ P @ phi for P in self._P]
        traces = np.array([np.trace(x) for x in M])
        A1 = float(traces @ self._W @ traces)
        A2 = float(np.sum(self._W * np.array([[np.sum(a * b.T) for b in M] for a in M])))
        if not A2 > 0:
            raise ValueError("too few readings to tell how uncertain the variances are")
        if q == 1:                      # then A1 = A2, and what follows shortens to this without its poles
            return 2 / A2, 1.0
        B = (A1 + 6 * A2) / (2 * q)
        g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
        c = 3 * q + 2 * (1 - g)
        V0, V1, V2 = 1 + g / c * B, 1 - (q - g) / c * B, 1 - (q + 2 - g) / c * B
        below = (1 - A2 / q) ** 2 * V0 - V1 ** 2 * V2
        df = 4 + (q + 2) * V1 ** 2 * V2 / below if below else np.inf
        return float(df), float(df * (1 - A2 / q) / (df - 2)) if 1e-2 < abs(df - 2) < np.inf else 1.0


def _pairs(a: Floats, b: Floats) -> Floats:
    """Σ a'b over animals and visits, (m, v, p) and (m, v, q) to (p, q), as one matrix product."""
    return a.reshape(-1, a.shape[2]).T @ b.reshape(-1, b.shape[2])


def _gram(data: Blocks, theta: Floats) -> _Gram:
    V = np.tensordot(theta, data.kernels, 1)
    V[:, np.arange(V.shape[1]), np.arange(V.shape[1])] += ~data.mask
    chol = np.linalg.cholesky(V)
    Vinv = np.linalg.inv(V)
    VX = Vinv @ data.X
    information = _pairs(data.X, VX)
    phi = np.linalg.inv(information)
    beta = phi @ np.einsum("mvp,mv->p", VX, data.y)
    Py = np.einsum("mvw,mw->mv", Vinv, data.y - data.X @ beta)
    logdet = 2 * float(np.log(np.diagonal(chol, axis1=1, axis2=2)).sum())
    return _Gram(Vinv, logdet, VX, information, phi, beta, Py)


def _deviance(data: Blocks, theta: Floats, gram: _Gram | None = None) -> tuple[float, Floats]:
    """−2 restricted log-likelihood and its gradient in θ."""
    g = gram or _gram(data, theta)
    residual = data.y - data.X @ g.beta
    value = (g.logdet + float(np.linalg.slogdet(g.information)[1]) + float(np.sum(residual * g.Py))
             + (data.n - data.X.shape[2]) * np.log(2 * np.pi))
    gradient = []
    for K in data.kernels:
        KPy = (K @ g.Py[:, :, None])[:, :, 0]
        gradient.append(np.sum(g.Vinv * K) - np.sum(_pairs(g.VX, K @ g.VX) * g.phi) - np.sum(g.Py * KPy))
    return value, np.array(gradient)


def _polish(data: Blocks, x: Floats, scale: float, bounds: list[tuple[float, float]]) -> Floats:
    """Newton steps by expected information, on the components away from their bounds, until the gradient vanishes."""
    for _ in range(20):
        fit = Fit(data, x * scale)
        gradient = _deviance(data, x * scale, fit._gram)[1]
        free = np.array([high > low and not (xi <= low + 1e-9 and gi >= 0)
                         for xi, gi, (low, high) in zip(x, gradient, bounds, strict=True)])
        x = np.where(free, x, [b[0] for b in bounds])
        if not free.any():
            return x
        step = np.zeros_like(x)
        step[free] = -np.linalg.pinv(fit._expected[np.ix_(free, free)], hermitian=True) @ gradient[free] / scale
        new = np.clip(x + step, *np.array(bounds).T)
        try:
            better = _deviance(data, new * scale)[0] <= -2 * fit.loglik + 1e-12
        except np.linalg.LinAlgError:
            return x
        if not better:
            return x
        x, moved = new, float(np.max(np.abs(new - x) / (np.abs(x) + 1e-6)))
        if moved < 1e-10:
            break
    return x


def _joint_df(df: Floats) -> float:
    """Fai and Cornelius: df of a sum of independent squared t statistics over q."""
    q = df.size
    if np.allclose(df, df[0], atol=1e-8):
        return float(df[0])
    usable = df[df > 2]
    E = float(np.sum(usable / (usable - 2)))
    return 2 * E / (E - q) if q < E else 2.0
