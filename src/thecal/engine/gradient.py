"""Derivatives of a cohort's observables by parameters, exact, and a bridge to JAX.

What is differentiated is the numerical solution itself, its steps held fixed; see
:mod:`thecal.engine.compiled.tangent_code`. Compared with differences the derivatives have no step to choose and no
noise, and they cost the same for a parameter of any size, zero included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import ThecalError
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.integrate import Event


@dataclass(frozen=True)
class Slopes:
    """Observables and their derivatives.

    ``values``: (animals, times, observables); ``slopes``: (animals, times, observables, chosen parameters);
    ``status``, ``steps``: (animals,) as in :class:`thecal.engine.integrate.Solution`; NaN where an animal failed.
    """

    values: np.ndarray
    slopes: np.ndarray
    status: np.ndarray
    steps: np.ndarray


def slopes(model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]], schedule_of: np.ndarray,
           start_d: float, times_d: np.ndarray, observables: Sequence[str], chosen: Sequence[str], *,
           rtol: float = 1e-6, integrator: CompiledIntegrator | None = None) -> Slopes:
    """Solve a cohort together with the derivatives of its observables by some parameters.

    Arguments are those of :meth:`thecal.engine.integrate.Integrator.solve`, and
        chosen: names of the parameters to differentiate by, in the order of the result's last axis.

    What an event adds or sets is given and has no derivative: a parameter has no influence once an event has set it.
    Errors: ThecalError for a parameter that the model does not have, and as in ``solve``.
    """
    places = _places(model, chosen)
    result = (integrator or CompiledIntegrator()).solve_with_slopes(
        model, parameters, schedules, schedule_of, start_d, times_d, observables, places, rtol=rtol)
    assert result.slopes is not None
    return Slopes(result.values, result.slopes, result.status, result.steps)


def in_jax(model: Model, parameters: np.ndarray, schedule: Sequence[Event], start_d: float, times_d: np.ndarray,
           observables: Sequence[str], chosen: Sequence[str], *, logarithmic: bool = False, rtol: float = 1e-6,
           integrator: CompiledIntegrator | None = None) -> Callable[[Any], Any]:
    """A function for JAX of some of the parameters of one animal, with value and derivatives, for NumPyro and others.

    Arguments:
        parameters: (parameters,), the animal's other parameters.
        schedule: its events. chosen: names of the parameters that the function takes.
        logarithmic: the function takes natural logarithms of the chosen parameters.

    Returns: ``f(theta)`` with theta (..., chosen) giving (..., times, observables) in theta's type; it can be jitted,
    mapped by ``vmap`` (a mapped axis is one cohort) and differentiated, forward or reverse, once. An animal that
    cannot be computed gives NaN, which samplers reject. Needs JAX (``pip install thecal[jax]``), 64 bits advised.
    Errors: ThecalError when JAX is missing or a name is unknown.
    """
    try:
        import jax
        import jax.numpy as jnp
    except ImportError as missing:
        raise ThecalError.single(where="gradient.in_jax", what="needs JAX, which is not installed",
                                 remedy="pip install 'thecal[jax]'") from missing
    places, engine = _places(model, chosen), integrator or CompiledIntegrator()
    times = np.asarray(times_d, float)
    shape = (times.size, len(observables))

    def cohort(theta: np.ndarray) -> np.ndarray:
        rows = np.repeat(np.asarray(parameters, float)[None], theta.size // len(places), axis=0)
        given = np.asarray(theta, float).reshape(-1, len(places))
        rows[:, places] = np.exp(given) if logarithmic else given
        return rows

    def values_of(theta: np.ndarray) -> np.ndarray:
        rows = cohort(theta)
        result = engine.solve(model, rows, [schedule], np.zeros(len(rows), np.int64), start_d, times, observables,
                              rtol=rtol)
        return result.values.reshape(*theta.shape[:-1], *shape).astype(theta.dtype)

    def values_and_slopes_of(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = cohort(theta)
        result = slopes(model, rows, [schedule], np.zeros(len(rows), np.int64), start_d, times, observables, chosen,
                        rtol=rtol, integrator=engine)
        by = result.slopes * (rows[:, None, None, places] if logarithmic else 1.0)
        return (result.values.reshape(*theta.shape[:-1], *shape).astype(theta.dtype),
                by.reshape(*theta.shape[:-1], *shape, len(places)).astype(theta.dtype))

    def shaped(theta: Any, *more: int) -> Any:
        return jax.ShapeDtypeStruct((*theta.shape[:-1], *shape, *more), theta.dtype)

    @jax.custom_jvp
    def solve(theta: Any) -> Any:
        return jax.pure_callback(lambda x: values_of(np.asarray(x)), shaped(theta), theta,
                                 vmap_method="broadcast_all")

    @solve.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (theta,), (direction,) = primals, tangents
        values, by = jax.pure_callback(lambda x: values_and_slopes_of(np.asarray(x)),
                                       (shaped(theta), shaped(theta, len(places))), theta,
                                       vmap_method="broadcast_all")
        return values, jnp.einsum("...top,...p->...to", by, direction)

    return lambda theta: solve(jnp.asarray(theta))


def _places(model: Model, chosen: Sequence[str]) -> list[int]:
    unknown = [name for name in chosen if name not in model.parameter_index]
    if unknown or not chosen:
        raise ThecalError.single(where="chosen", what="names of parameters to differentiate by",
                                 seen=", ".join(unknown) or "none", allowed="parameters of the model",
                                 remedy="see 'thecal params'")
    return [model.parameter_index[name] for name in chosen]
