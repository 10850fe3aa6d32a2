"""Writes an HDF5 file, and prints what h5py reads of it and numpy selects: a list of [KEY, SELECTION, VALUE] as JSON.

    hdf5_selections.py FILE
"""

import json
import sys

import h5py
import numpy as np

SELECTIONS = {
    1: ["...", "0", "-1", ":10", "5:2", "3:50:7", "[1,2,40]", "-3:", "::-7"],
    2: ["...", "0", "-1,:", ":10, 3", "..., -1", "2:20:5, [0,3]", "7, 2", "-2:, 1:3", ":, 0", "::-9, ::-1"],
    3: ["1", "..., 0", ":, -1, ::2", "3:5, 0, 1"],
}


def chosen(text):
    """A selection as numpy has it; `eval` is given the texts above alone."""
    return eval(f"np.s_[{text}]", {"np": np})


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def write(file):
    random = np.random.default_rng(1)
    whole = {"chunks": (7, 3), "compression": "gzip", "shuffle": True}
    file["contiguous"] = random.random((60, 4))
    file.create_dataset("chunked", data=random.integers(0, 9, (60, 4)), **whole)
    file.create_dataset("line", data=np.arange(60, dtype=">i2"), chunks=(16,))
    file.create_dataset("cube", data=np.arange(8 * 3 * 5, dtype="f4").reshape(8, 3, 5), chunks=(3, 3, 2))
    file.create_dataset("sparse", shape=(60, 4), chunks=(7, 3), dtype="i4", fillvalue=7)
    file["sparse"][20:23] = 1
    file.create_dataset("inner", (60,), np.dtype(("f8", (4,))))[...] = random.random((60, 4))
    file["text"] = np.array([f"text {n}" for n in range(60)], h5py.string_dtype())
    file.create_dataset("short", data=np.array([b"%d" % n for n in range(60)]), chunks=(8,))
    record = np.dtype([("id", "u4"), ("name", "S4"), ("level", "f4", (3,))])
    rows = np.zeros(60, record)
    rows["id"], rows["name"] = np.arange(60), b"abc"
    rows["level"] = np.arange(180).reshape(60, 3)
    file.create_dataset("rows", data=rows, chunks=(16,), compression="gzip")


def write_bad(group):
    group.create_dataset("lists", (2,), dtype=h5py.vlen_dtype("i4"))
    group["nowhere"] = h5py.SoftLink("/nothing")
    group["other"] = h5py.ExternalLink("other.h5", "/x")
    group["again"] = group.file["/"]
    group.create_dataset("partly", (2,), np.dtype([("x", "f4"), ("lists", h5py.vlen_dtype("i4"))]))
    group["sound"] = [1, 2]


def main():
    with h5py.File(sys.argv[1], "w", userblock_size=1024) as file:
        write(file)
        write_bad(file.create_group("bad"))
    cases = []
    with h5py.File(sys.argv[1], "r") as file:
        for name, dataset in file.items():
            if name == "bad":
                continue
            whole = dataset[...]
            for text in SELECTIONS[whole.ndim]:
                part = whole[chosen(text)]
                if whole.dtype.names is None:
                    cases.append([f"/{name}", text, plain(np.vectorize(plain, otypes="O")(part))])
                    continue
                # One row is a table of one row.
                rows = np.atleast_1d(part)
                columns = {column: plain(rows[column]) for column in rows.dtype.names}
                columns["name"] = [plain(name) for name in columns["name"]]
                cases.append([f"/{name}", text, columns])
                cases.append([f"/{name}/id", text, plain(whole["id"][chosen(text)])])
    json.dump(cases, sys.stdout)


main()
