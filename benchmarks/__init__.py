"""Measurements, side by side in one run with what a reader would write instead: on one core, in float64.

Importing this package puts the process on one core, before any library counts the cores there are.
"""

import os

os.environ.update(
    dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS"),
        "1",
    ),
    JAX_PLATFORMS="cpu",
    JAX_ENABLE_X64="1",
)
if hasattr(os, "sched_setaffinity"):  # on Linux; JAX heeds nothing else
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
