"""Reads an exported HDF5 file with pyfive (pure Python, no libhdf5) and compares the values. Needs pyfive."""

import json

import numpy as np
import pyfive

from oracle import Report, arguments, as_array, bytes_array, difference, same_json


def unreadable(node):
    """Why pyfive 1.3 cannot read a node; None where it can."""
    types = {column["data_type"] for column in node.get("columns", {}).values()}
    if "string" in types:
        return "compound with string members"
    if any(len(column["shape"]) > 1 for column in node.get("columns", {}).values()):
        return "compound with array members"
    if "bool" in types:
        return "compound with bool members (it loses its place behind an enum)"
    return None


def values_difference(values, array):
    """As `difference`; pyfive gives the enum that stands for bool as its int8."""
    if array["data_type"] == "bool" and values.dtype == np.int8:
        values = np.ascontiguousarray(values).view(np.bool_).reshape(values.shape)
    return difference(values, array, widen_half=True)


def check(report, key, member, node):
    values = as_array(member[()])
    if node["kind"] == "table":
        for name in report.common_parts(key, "columns", set(values.dtype.names or ()), set(node["columns"])):
            report.check(key, f"column {name}", values_difference(values[name], node["columns"][name]))
    elif node["kind"] == "object":
        text = values.item()
        if not same_json(json.loads(text), node["json"]):
            report.fault(key, f"holds {text!r}, expected {node['json']}")
    else:
        array = bytes_array(node) if node["kind"] == "bytes" else node
        report.check(key, "values", values_difference(values, array))


def main():
    path, nodes = arguments(__doc__, "file")
    report = Report()
    file = pyfive.File(str(path))
    for key, node in sorted(nodes.items()):
        if why := unreadable(node):
            report.skip(key, why)
            continue
        with report.node(key):
            member = file[key]
            if (node["kind"] == "group") != isinstance(member, pyfive.Group):
                report.fault(key, f"is a {type(member).__name__}, expected a {node['kind']}")
            elif node["kind"] != "group":
                check(report, key, member, node)
    report.finish()


main()
