"""How values that HDF5 has no type for look in an exported file."""

import json

import numpy as np

from oracle import same_json

# An attribute of HDF5 holds at most 64 KiB; a larger one is exported as a dataset beside the node, and the
# attribute names that dataset. Tests keep well away from the limit, on either side.
LARGEST_ATTRIBUTE = 65_000


def is_spilled(value):
    """Whether an attribute of this JSON value is exported as a dataset."""
    return len(json.dumps(value)) > LARGEST_ATTRIBUTE


def spilled_count(node):
    return sum(map(is_spilled, node.get("attributes", {}).values()))


def attribute_difference(value, expected):
    """How an HDF5 attribute differs from its JSON; what HDF5 has no plain form for is there as JSON text."""
    actual = as_json(value)
    if same_json(actual, expected):
        return None
    if isinstance(actual, str) and not isinstance(expected, str):
        actual = json.loads(actual)
    return None if same_json(actual, expected) else f"{value!r}, expected {expected!r}"


def as_json(value):
    """numpy's and h5py's values as JSON has them: complex as a pair, numbers that are not finite as text."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list):
        return [as_json(x) for x in value]
    if isinstance(value, complex):
        return [as_json(value.real), as_json(value.imag)]
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.decode("utf-8") if isinstance(value, bytes) else value
