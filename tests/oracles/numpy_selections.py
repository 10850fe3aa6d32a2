"""Applies selections in numpy's notation to arrays whose elements are numbered in C order.

Reads a JSON list of {"text": "0,:", "shape": [2, 3]} from its input, and prints a list of {"shape", "values"},
or of null where numpy refuses the selection.
"""

import json
import sys

import numpy as np

NAMES = {"np": np, "true": True, "false": False}


def select(text, array):
    """A list keeps its axis where it is, as in h5py: what stands beside an index is applied before it."""
    key = eval(f"np.s_[{text}]", NAMES)  # the text is a test's own
    parts = key if isinstance(key, tuple) else (key,)
    if not any(isinstance(part, list) for part in parts):
        return array[key]
    lists = tuple(slice(None) if isinstance(part, int) else part for part in parts)
    indices = tuple(part if isinstance(part, int) else slice(None) for part in parts)
    kept = tuple(new if old is not Ellipsis else old for old, new in zip(parts, indices))
    return array[lists][kept]


def result(case):
    array = np.arange(np.prod(case["shape"], dtype=np.int64)).reshape(case["shape"])
    try:
        selected = np.asarray(select(case["text"], array))
    except (IndexError, ValueError):
        return None
    return {"shape": list(selected.shape), "values": selected.ravel().tolist()}


print(json.dumps([result(case) for case in json.load(sys.stdin)]))
