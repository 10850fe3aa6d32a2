"""Compares an exported HDF5 file with one that h5py makes of the same values, told by a manifest (see oracle.py).

Beside values and types ("layout" of a node) how they are stored must be the same:

    {"maximum": null or [N or null, ...], "chunks": null or [N, ...], "gzip": null or LEVEL, "shuffle": BOOL,
     "fletcher32": BOOL, "fill": null or the hex of an element}

h5diff must find the two alike, h5repack copy the file, h5dump and h5ls show it without a word, and libhdf5 open it for
writing and lengthen what may become longer.
"""

import os
import shutil
import subprocess
import tempfile

import h5py
import numpy as np

from oracle import Report, arguments, decoded, difference

TEXT = h5py.string_dtype()


def values_of(node):
    """The values as h5py is to write them."""
    if node["data_type"] == "string":
        return np.array(node["strings"], object).reshape(node["shape"]), TEXT
    values = decoded(node)
    if values.dtype == np.float16:
        values = values.astype("<f4")
    return values, values.dtype


def fill_of(node):
    fill = node["layout"]["fill"]
    if fill is None:
        return None
    one = decoded({"data_type": node["data_type"], "shape": [], "hex": fill})
    return one.astype("<f4") if one.dtype == np.float16 else one


def make(path, nodes, exported):
    """The same file as h5py makes it; the root says when, and by what, the store was made.

    What an import needs to know beside is copied.
    """
    with h5py.File(path, "w", libver="earliest") as file, h5py.File(exported, "r") as same:
        for name, value in same.attrs.items():
            file.attrs[name] = value
        for key, node in nodes.items():
            values, dtype = values_of(node)
            layout = node["layout"]
            options = {}
            if layout["chunks"] is not None:
                options = {
                    "chunks": tuple(layout["chunks"]),
                    "maxshape": tuple(layout["maximum"]),
                    "shuffle": layout["shuffle"],
                    "fletcher32": layout["fletcher32"],
                }
                if layout["gzip"] is not None:
                    options |= {"compression": "gzip", "compression_opts": layout["gzip"]}
            if (fill := fill_of(node)) is not None:
                options["fillvalue"] = fill
            dataset = file.create_dataset(key, shape=values.shape, dtype=dtype, **options)
            if values.size:
                dataset[...] = values
            if "calcstore" in same[key].attrs:
                dataset.attrs["calcstore"] = same[key].attrs["calcstore"]


def described(dataset):
    """How a dataset is stored."""
    fill = dataset.fillvalue
    return {
        "shape": dataset.shape,
        "maximum": dataset.maxshape,
        "chunks": dataset.chunks,
        "filters": (dataset.compression, dataset.compression_opts, dataset.shuffle, dataset.fletcher32),
        "fill value": fill if isinstance(fill, bytes) else np.asarray(fill).tobytes(),
    }


def tool(report, name, *given):
    program = os.environ.get(f"CALCSTORE_ORACLE_{name.upper()}", name)
    done = subprocess.run([program, *map(str, given)], capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        what = (done.stdout + done.stderr).decode("utf-8", "replace")[:500]
        report.fault("/", f"{name}: exit {done.returncode}, {what}")


def lengthen(report, path, nodes):
    """Opens the file for writing, lengthens what may become longer, and looks at it again."""
    longer = [key for key, node in nodes.items() if (node["layout"]["maximum"] or [0])[0] is None]
    with h5py.File(path, "r+") as file:
        for key in longer:
            dataset = file[key]
            dataset.resize(dataset.shape[0] + 40_000, axis=0)
            dataset[-1] = dataset[0] if nodes[key]["shape"][0] else dataset[-1]
    with h5py.File(path, "r") as file:
        for key in longer:
            rows = nodes[key]["shape"][0]
            with report.node(f"{key}, longer"):
                report.checked -= 1
                report.check(key, "longer", difference(file[key][:rows], nodes[key], widen_half=True))
                between = file[key][rows:-1]
                wanted = b"" if nodes[key]["data_type"] == "string" else file[key].fillvalue
                if not (between == wanted).all():
                    report.fault(key, "what lies beyond the old rows is no fill value")


def main():
    path, nodes = arguments(__doc__, "file")
    nodes = {key: node for key, node in nodes.items() if node["kind"] == "dataset"}
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        reference, copy = f"{directory}/reference.h5", f"{directory}/copy.h5"
        make(reference, nodes, path)
        shutil.copy(path, copy)
        with h5py.File(path, "r") as file, h5py.File(reference, "r") as expected:
            for key, node in nodes.items():
                with report.node(key):
                    ours, theirs = file[key], expected[key]
                    if not ours.id.get_type().equal(theirs.id.get_type()):
                        report.fault(key, f"type {ours.dtype}, expected {theirs.dtype}")
                    for what, wanted in described(theirs).items():
                        found = described(ours)[what]
                        wrong = None if found == wanted else f"{found}, expected {wanted}"
                        report.check(key, what, wrong)
                    values = ours[()]
                    values = np.array(values, object) if isinstance(values, bytes) else np.asarray(values)
                    report.check(key, "values", difference(values, node, widen_half=True))
        lengthen(report, copy, nodes)
        # h5diff calls datasets without elements not comparable, be they equal.
        empty = [f"--exclude-path={key}" for key, node in nodes.items() if 0 in node["shape"]]
        tool(report, "h5diff", *empty, path, reference)
        tool(report, "h5dump", path)
        tool(report, "h5ls", "-rv", path)
        tool(report, "h5repack", path, f"{directory}/repacked.h5")
        tool(report, "h5diff", *empty, f"{directory}/repacked.h5", reference)
        tool(report, "h5repack", copy, f"{directory}/repacked longer.h5")
    report.finish()


main()
