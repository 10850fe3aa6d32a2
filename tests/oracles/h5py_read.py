"""Reads an exported HDF5 file with h5py and compares every object with a manifest. Needs h5py."""

import json

import h5py

from hdf5_view import attribute_difference, is_spilled
from oracle import Report, arguments, as_array, bytes_array, difference, same_json


def is_text(dtype):
    """Whether a type is HDF5's variable-length UTF-8 string."""
    info = h5py.check_string_dtype(dtype)
    return info is not None and info.encoding == "utf-8" and info.length is None


def values_difference(values, dtype, array):
    """As `difference`, after the HDF5 type of strings; float16 is exported as float32."""
    if array["data_type"] == "string" and not is_text(dtype):
        return f"type {dtype}, expected variable-length UTF-8 strings"
    return difference(as_array(values), array, widen_half=True)


def check_table(report, key, member, node):
    """A table is one compound dataset; where that cannot be, a group of one dataset per column."""
    columns = node["columns"]
    if isinstance(member, h5py.Group):
        for name in report.common_parts(key, "columns", set(member), set(columns)):
            wrong = values_difference(member[name][()], member[name].dtype, columns[name])
            report.check(key, f"column {name}", wrong)
        return
    if member.shape != (node["rows"],):
        report.fault(key, f"shape {member.shape}, expected ({node['rows']},)")
    rows = member[()]
    for name in report.common_parts(key, "columns", set(member.dtype.names or ()), set(columns)):
        wrong = values_difference(rows[name], member.dtype[name].base, columns[name])
        report.check(key, f"column {name}", wrong)


def check_values(report, key, member, node):
    if node["kind"] == "table":
        return check_table(report, key, member, node)
    if (node["kind"] == "group") != isinstance(member, h5py.Group):
        return report.fault(key, f"is a {type(member).__name__}, expected a {node['kind']}")
    if node["kind"] == "object":
        if member.shape != () or not is_text(member.dtype):
            report.fault(key, f"type {member.dtype}, shape {member.shape}, expected one UTF-8 string")
        elif not same_json(json.loads(member[()]), node["json"]):
            report.fault(key, f"holds {member[()]!r}, expected {node['json']}")
    elif node["kind"] != "group":
        array = bytes_array(node) if node["kind"] == "bytes" else node
        report.check(key, "values", values_difference(member[()], member.dtype, array))


def check_attributes(report, key, member, node):
    expected = node.get("attributes", {})
    ours = ("calcstore", "@calcstore")
    seen = {name for name in member.attrs if not name.startswith(ours[0]) and not name.endswith(ours[1])}
    for name in report.common_parts(key, "attributes", seen, expected.keys() - {"calcstore"}):
        value = member.attrs[name]
        if is_spilled(expected[name]):
            value = member.parent[value][()]
        report.check(key, f"attribute {name}", attribute_difference(value, expected[name]))


def members(file, nodes):
    """Every object of the file by its key, without what stands in for attributes too large for HDF5."""
    seen = {}
    file.visititems(lambda path, member: seen.__setitem__("/" + path, member))
    for key, node in nodes.items():
        for name, value in node.get("attributes", {}).items():
            if is_spilled(value) and key in seen and name in seen[key].attrs:
                spilled = seen[key].parent[seen[key].attrs[name]]
                seen.pop(spilled.name)
    exported_as_group = {
        k for k, n in nodes.items() if n["kind"] == "table" and isinstance(seen.get(k), h5py.Group)
    }
    return {key: member for key, member in seen.items() if key.rpartition("/")[0] not in exported_as_group}


def main():
    path, nodes = arguments(__doc__, "file")
    report = Report()
    with h5py.File(path, "r") as file:
        seen = members(file, nodes)
        if "/" in nodes:
            seen["/"] = file["/"]
        for key in report.common_keys(seen.keys(), nodes.keys()):
            with report.node(key):
                check_values(report, key, seen[key], nodes[key])
                check_attributes(report, key, seen[key], nodes[key])
    with report.node("/"), h5py.File(path, "r+"):
        pass
    report.finish()


main()
