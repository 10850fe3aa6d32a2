"""Compares pairs of arrays as numpy does.

Reads a JSON list of {"a": ARRAY, "b": ARRAY, "absolute", "relative", "equal_nan"}, ARRAY as in oracle.py, from its input,
and prints a list of {"differing": [index, ...], "absolute": LARGEST, "relative": LARGEST}: the places in C order where
numpy.isclose says no, and the largest of the finite differences there, as {"difference", "index"} or null.
"""

import json
import sys

import numpy as np

TYPES = {"bool": "?"}


def array(given):
    """The elements in the widest type of their sort, in which numpy compares without rounding."""
    dtype = np.dtype(TYPES.get(given["data_type"], given["data_type"])).newbyteorder("<")
    elements = np.frombuffer(bytes.fromhex(given["hex"]), dtype).reshape(given["shape"])
    return elements.astype(np.complex128 if dtype.kind == "c" else np.float64)


def length(numbers):
    """The absolute values; np.abs of complex numbers may be off by a bit."""
    return np.hypot(numbers.real, numbers.imag)


def largest(differences, where):
    """The first of the largest differences among those that count."""
    where = where & np.isfinite(differences)
    if not where.any():
        return None
    place = np.argmax(np.where(where, differences, -1.0))
    index = np.unravel_index(place, differences.shape)
    return {"difference": float(differences[index]), "index": [int(at) for at in index]}


def compare(case):
    a, b = array(case["a"]), array(case["b"])
    with np.errstate(all="ignore"):
        close = np.isclose(a, b, case["relative"], case["absolute"], case["equal_nan"])
        distance = length(a - b)
        relative = distance / length(b)
    differ = np.asarray(~close)
    finite = differ & np.isfinite(a) & np.isfinite(b)
    return {
        "differing": np.argwhere(differ).tolist(),
        "absolute": largest(np.asarray(distance), finite),
        "relative": largest(np.asarray(relative), finite),
    }


print(json.dumps([compare(case) for case in json.load(sys.stdin)]))
