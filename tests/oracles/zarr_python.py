"""Reads a store's output.zarr with zarr-python and compares every node with a manifest. Needs zarr."""

import json

import numpy as np
import zarr

from oracle import Report, arguments, difference, same_json
from zarr_view import zarr_nodes


def attributes_difference(actual, expected):
    """The store's own attribute is compared only where the manifest gives it."""
    if "calcstore" not in expected:
        actual = {name: value for name, value in actual.items() if name != "calcstore"}
    return None if same_json(actual, expected) else f"{actual}, expected {expected}"


def object_difference(values, node):
    """An object is a row of bytes to Zarr; what it holds can be read here where it is JSON."""
    if values.dtype != np.uint8 or values.ndim != 1:
        return f"{values.dtype} of rank {values.ndim}, expected bytes"
    if node["attributes"].get("calcstore", {}).get("encoding") != "json":
        return None
    return None if same_json(json.loads(values.tobytes()), node["json"]) else "other JSON than expected"


def check(report, key, member, node):
    report.check(key, "attributes", attributes_difference(dict(member.attrs), node["attributes"]))
    kind = "array" if isinstance(member, zarr.Array) else "group"
    if kind != node["kind"]:
        report.fault(key, f"is a {kind}, expected a {node['kind']}")
    elif kind == "array":
        values = np.asarray(member[...])
        wrong = difference(values, node["array"]) if node["array"] else object_difference(values, node)
        report.check(key, "values", wrong)
        if (names := node["dimension_names"]) is not None and list(
            member.metadata.dimension_names or []
        ) != names:
            report.fault(key, f"dimension names {member.metadata.dimension_names}, expected {names}")


def main():
    store, nodes = arguments(__doc__, "store")
    report, expected = Report(), zarr_nodes(nodes)
    root = zarr.open_group(store, mode="r", zarr_format=3, use_consolidated=False)
    seen = {"/" + path: member for path, member in root.members(max_depth=None)}
    if "/" in expected:
        seen["/"] = root
    for key in report.common_keys(seen.keys(), expected.keys()):
        with report.node(key):
            check(report, key, seen[key], expected[key])
    report.finish()


main()
