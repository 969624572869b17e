"""Times NumPy's Cholesky factor and SciPy's triangular solve, both over OpenBLAS on one thread: a line of JSON in, the best
seconds of a few repeats out; the first line says which kernels run."""
import json
import sys
from time import perf_counter

import numpy
from scipy.linalg.blas import dtrsm
from threadpoolctl import threadpool_info

RIGHT_HAND_SIDES = 256

print(json.dumps({
    "numpy": numpy.__version__,
    "libraries": [f"{it['internal_api']} {it['version']} {it.get('architecture')}, {it['num_threads']} thread" for it in threadpool_info()],
}), flush=True)


def best(call, seconds):
    least, end = float("inf"), perf_counter() + seconds
    while True:
        start = perf_counter()
        call()
        now = perf_counter()
        least = min(least, now - start)
        if now > end:
            return least


random = numpy.random.default_rng(1)
cases = {}
for line in sys.stdin:
    question = json.loads(line)
    n = question["n"]
    if n not in cases:
        g = random.standard_normal((n, n))
        a = g @ g.T / n + numpy.eye(n)
        lower = numpy.asfortranarray(numpy.linalg.cholesky(a))
        cases[n] = a, lower, numpy.asfortranarray(random.standard_normal((n, RIGHT_HAND_SIDES)))
    a, lower, b = cases[n]
    call = (lambda: numpy.linalg.cholesky(a)) if question["what"] == "factor" else (lambda: dtrsm(1.0, lower, b, lower=1))
    print(json.dumps(best(call, question["seconds"])), flush=True)
