"""The coefficients of Rodas5P in the form without matrix products.

For ``y' = f(y)`` and ``W = I/(h gamma) - J`` one step is

    u_i = y + sum_{j<i} A[i, j] k_j
    W k_i = f(u_i) + (1/h) sum_{j<i} C[i, j] k_j
    y_new = u_8 + k_8,        error estimate = k_8

and between the ends, with ``s`` from 0 to 1,

    y(s) = (1 - s) y + s (y_new + (1 - s) (D_1 + s (D_2 + s D_3))),   D_m = sum_j H[m, j] k_j.

Eight stages, stiffly accurate, L-stable, order 5 with an embedded order 4 and dense output of order 4.

Source: G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package, BIT Numer. Math. 63, 27 (2023), doi:10.1007/s10543-023-00967-x.
"""

from __future__ import annotations

import numpy as np

STAGES = 8
ORDER = 5
GAMMA = 0.21193756319429014

_A = [
    [],
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
]
_C = [
    [],
    [-14.155112264123755],
    [-17.97296035885952, -2.859693295451294],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
    [30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
     -28.087943162872662],
    [37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
     -54.66780262877968, -9.48861652309627],
]


def _triangle(rows: list[list[float]]) -> np.ndarray:
    full = np.zeros((STAGES, STAGES))
    for i, row in enumerate(rows):
        full[i, : len(row)] = row
    return full


A = _triangle(_A)
for _stage in (6, 7):  # the last two stage values repeat the one before and add its increment: stiff accuracy
    A[_stage, : _stage] = A[_stage - 1, : _stage]
    A[_stage, _stage - 1] = 1.0
C = _triangle(_C)
H = np.array([
    [25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204,
     0.524948541321073, 1.1241088310450404, 0.4272876194431874, -0.17202221070155493],
    [-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796,
     20.176138334709044, 15.98066361424651, -6.789040303419874, -6.710236069923372],
    [11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643,
     -52.072871366152654, -59.78993625266729, -0.15582684282751913, 4.883087185713722],
])
