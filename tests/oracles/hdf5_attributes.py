"""Compares the attributes of an exported HDF5 file with those that h5py makes of the same values, told by a manifest (see
oracle.py): each array of it is an attribute of that name of `/group` and of `/group/dataset`.

The types must be equal as H5Tequal says, the spaces and the values the same.
"""

import h5py
import numpy as np

from oracle import Report, arguments, decoded, difference

TEXT = h5py.string_dtype()


def values_of(node):
    """The values, and their type, as h5py is to write them."""
    if node["data_type"] == "string":
        return np.array(node["strings"], object).reshape(node["shape"]), TEXT
    values = decoded(node)
    if values.dtype == np.float16:
        values = values.astype("<f4")
    return values, values.dtype


def main():
    path, nodes = arguments(__doc__, "file")
    nodes = {key: node for key, node in nodes.items() if node["kind"] == "dataset"}
    report = Report()
    with h5py.File(path, "r") as file, h5py.File.in_memory(libver="earliest") as reference:
        for key, node in nodes.items():
            name = key[1:]
            values, dtype = values_of(node)
            reference.attrs.create(name, values, shape=values.shape, dtype=dtype)
            expected = reference.attrs.get_id(name)
            with report.node(key):
                for holder in ("/group", "/group/dataset"):
                    attributes = file[holder].attrs
                    found = attributes.get_id(name)
                    if not found.get_type().equal(expected.get_type()):
                        report.fault(key, f"type {found.dtype} on {holder}, expected {expected.dtype}")
                    wanted, there = expected.get_space(), found.get_space()
                    if (there.get_simple_extent_type(), there.shape) != (wanted.get_simple_extent_type(), wanted.shape):
                        report.fault(key, f"shape {there.shape} on {holder}, expected {wanted.shape}")
                    value = attributes[name]
                    value = np.array(value, object) if isinstance(value, str) else np.asarray(value)
                    report.check(key, f"value on {holder}", difference(value, node, widen_half=True))
    report.finish()


main()
