"""What the oracle programs share: a test's manifest, comparison with it, and the report.

A manifest is JSON that a test writes beside a store or an exported file to say what must be in there:

    {"nodes": {KEY: NODE, ...}}

    KEY     absolute; groups above a listed node are implied, "/" is listed only to compare its attributes
    NODE    {"kind": "group" | "dataset" | "table" | "object" | "bytes", "attributes": {NAME: JSON}} and
              dataset  ARRAY, and where they are to be compared "dimension_names": [NAME, ...]
              table    "rows": N, "columns": {NAME: ARRAY}, each ARRAY of shape [rows, inner axes...]
              object   "json": the value
              bytes    "hex"
    ARRAY   {"data_type": "float64", "shape": [2, 3], "hex": "..."}, for strings "strings": [...], no "hex"
    hex     the elements in C order, little-endian, lower case; bool as 00 or 01, complex as real, imaginary

A program prints one JSON object, {"checked": N, "skipped": [{"key", "why"}], "faults": [{"key", "what"}]},
and exits with 1 where there are faults.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import warnings

import numpy as np


def arguments(doc, what):
    """The two arguments of every program: what it reads, and the manifest's nodes. Warnings become errors."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(what, type=pathlib.Path)
    parser.add_argument("manifest", type=pathlib.Path)
    given = parser.parse_args()
    warnings.simplefilter("error")
    return getattr(given, what), with_parents(json.loads(given.manifest.read_text("utf-8"))["nodes"])


def with_parents(nodes):
    """The nodes together with the groups above them."""
    nodes = dict(nodes)
    for key in list(nodes):
        while key := key.rpartition("/")[0]:
            nodes.setdefault(key, {"kind": "group"})
    return nodes


class Report:
    """What was compared, what the reader cannot read, and what is wrong."""

    def __init__(self):
        self.checked, self.skipped, self.faults = 0, [], []

    def skip(self, key, why):
        self.skipped.append({"key": key, "why": why})

    def fault(self, key, what):
        self.faults.append({"key": key, "what": what})

    def check(self, key, what, wrong):
        """Records `wrong` (None: nothing) as a fault in `what`, an aspect of the node such as "values"."""
        if wrong is not None:
            self.fault(key, f"{what}: {wrong}")

    @contextlib.contextmanager
    def node(self, key):
        """Counts one node; an exception within is a fault of that node and does not hide the others."""
        self.checked += 1
        try:
            yield
        except Exception as error:  # whatever a reader raises is a finding
            self.fault(key, f"{type(error).__name__}: {error}")

    def common_keys(self, seen, expected):
        """The keys that both have, sorted; a key that only one has is a fault of that key."""
        for key in seen ^ expected:
            self.fault(key, "missing" if key in expected else "not in the manifest")
        return sorted(seen & expected)

    def common_parts(self, key, what, seen, expected):
        """The names of a node's parts (`what` they are) that both have; a difference is a fault."""
        if seen != expected:
            self.fault(key, f"{what} {sorted(seen)}, expected {sorted(expected)}")
        return sorted(seen & expected)

    def finish(self):
        json.dump(
            {"checked": self.checked, "skipped": self.skipped, "faults": self.faults}, sys.stdout, indent=1
        )
        print()
        sys.exit(1 if self.faults else 0)


def bytes_array(node):
    """The ARRAY that a node of kind bytes is to every other program."""
    return {"data_type": "uint8", "shape": [len(node["hex"]) // 2], "hex": node["hex"]}


def as_array(values):
    """What an HDF5 reader gives as numpy array; of a scalar string, plain bytes, numpy would make a fixed length."""
    return np.array(values, object) if isinstance(values, bytes) else np.asarray(values)


def decoded(array):
    """The manifest's ARRAY (not of strings) as numpy array."""
    dtype = np.dtype(array["data_type"]).newbyteorder("<")
    return np.frombuffer(bytes.fromhex(array["hex"]), dtype).reshape(array["shape"])


def difference(actual, array, widen_half=False):
    """How `actual` (numpy) differs from an ARRAY in shape, type or any bit; None: it does not."""
    if list(actual.shape) != array["shape"]:
        return f"shape {list(actual.shape)}, expected {array['shape']}"
    if array["data_type"] == "string":
        return strings_difference(actual, array["strings"])
    expected = decoded(array)
    if widen_half and expected.dtype == np.float16:
        expected, actual = quieted(expected.astype("<f4")), quieted(actual)
    if actual.dtype != expected.dtype:
        return f"type {actual.dtype}, expected {expected.dtype}"
    if actual.tobytes() == expected.tobytes():
        return None
    a, b = (np.frombuffer(x.tobytes(), f"V{expected.itemsize}") for x in (actual, expected))
    first = next(i for i in range(a.size) if a[i].tobytes() != b[i].tobytes())
    return f"element {first} is {actual.ravel()[first]!r}, expected {expected.ravel()[first]!r} (bits differ)"


def strings_difference(actual, expected):
    """As `difference`, for strings; readers give them as bytes or text."""
    if actual.dtype.kind not in "OTU":
        return f"type {actual.dtype}, expected strings"
    texts = [x.decode("utf-8") if isinstance(x, bytes) else x for x in actual.ravel().tolist()]
    wrong = [i for i, (a, b) in enumerate(zip(texts, expected, strict=True)) if a != b]
    return f"element {wrong[0]} is {texts[wrong[0]]!r}, expected {expected[wrong[0]]!r}" if wrong else None


def quieted(values):
    """float32 with every NaN quiet: conversion from float16 may set that bit or not."""
    if values.dtype != np.float32:
        return values
    bits = np.array(values).view(np.uint32)
    return np.where(np.isnan(values), bits | 0x0040_0000, bits).astype(np.uint32).view(np.float32)


def same_json(a, b):
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_json(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_json, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and a == b
