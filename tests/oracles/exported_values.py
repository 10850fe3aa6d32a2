"""Compares what was exported as npz, npy, csv and parquet with what zarr-python reads of the store.

usage: exported_values.py make HIERARCHY              a hierarchy of arrays of each type
       exported_values.py check HIERARCHY DIRECTORY   all.npz, npy/, csv/ and parquet/ in the directory
"""

import json
import os
import sys

import numpy as np
import zarr

TYPES = "bool i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()


def make(hierarchy):
    group = zarr.open_group(hierarchy, mode="w")
    rng = np.random.default_rng(3)
    for name in TYPES:
        dtype = np.dtype("?" if name == "bool" else name)
        values = rng.normal(size=(7, 3)) * 50
        if dtype.kind == "b":
            values = values > 0
        elif dtype.kind == "u":
            values = np.abs(values)
        elif dtype.kind == "c":
            values = values + 2j * values[::-1]
        values = values.astype(dtype)
        if dtype.kind == "f":
            values[0, 0], values[1, 1], values[2, 2] = np.nan, -np.inf, np.finfo(dtype).tiny
        elif dtype.kind in "iu":
            values[0, 0], values[1, 1] = np.iinfo(dtype).min, np.iinfo(dtype).max
        for key, part in ((f"{name}/two", values), (f"{name}/one", values[:, 0]), (f"{name}/none", values[:0])):
            array = group.create_array(key, shape=part.shape, dtype=dtype, chunks=(2, 2)[: part.ndim])
            array[...] = part
            array.attrs["units"] = "g"
    text = group.create_array("text", shape=(4,), dtype="str")
    text[...] = ["Größe", 'a, "b"', "", "two\nlines"]


def flat(values):
    """The columns that an array becomes."""
    values = values.reshape(len(values), int(np.prod(values.shape[1:])))
    return [values[:, at] for at in range(values.shape[1])]


def same(name, found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, (name, found.dtype, expected.dtype)
    assert found.shape == expected.shape, (name, found.shape, expected.shape)
    assert found.tobytes() == expected.tobytes(), (name, found, expected)


def check_csv(name, file, values, units):
    import pandas

    frame = pandas.read_csv(file, keep_default_na=False, na_values=["NaN"])
    columns = flat(values)
    assert len(frame.columns) == len(columns), (name, list(frame.columns))
    assert all(column.endswith(f" [{units}]") == bool(units) for column in frame.columns), name
    if values.dtype.kind == "c":
        return
    for at, column in enumerate(columns):
        found = frame.iloc[:, at].to_numpy()
        expected = column.tolist()
        if values.dtype.kind == "f":
            found = found.astype(column.dtype)
            assert np.array_equal(found, column, equal_nan=True), (name, found, column)
        else:
            assert found.tolist() == expected, (name, found.tolist(), expected)


def check_parquet(name, file, values, units):
    from pyarrow import parquet

    table = parquet.read_table(file)
    columns = flat(values)
    if values.dtype.kind == "c":
        columns = [part for column in columns for part in (column.real, column.imag)]
    assert table.num_columns == len(columns), (name, table.schema)
    found_units = json.loads(table.schema.metadata[b"units"])
    assert set(found_units.values()) == ({units} if units else set()), (name, found_units)
    for at, column in enumerate(columns):
        found = table.column(at)
        if values.dtype.kind == "U":
            assert found.to_pylist() == column.tolist(), (name, found, column)
        else:
            same(name, found.to_numpy(), column)


def check(hierarchy, directory):
    group = zarr.open_group(hierarchy, mode="r")
    arrays = {k: v for k, v in group.members(max_depth=None) if isinstance(v, zarr.Array)}
    archive = np.load(os.path.join(directory, "all.npz"))
    assert sorted(archive.keys()) == sorted(arrays), (archive.keys(), arrays.keys())
    for name, array in arrays.items():
        values = array[...]
        if name == "text":
            values = np.array(values.tolist())
        same(name, archive[name], values)
        same(name, np.load(os.path.join(directory, "npy", f"{name}.npy")), values)
        units = array.attrs.get("units", "")
        check_csv(name, os.path.join(directory, "csv", f"{name}.csv"), values, units)
        check_parquet(name, os.path.join(directory, "parquet", f"{name}.parquet"), values, units)
    print(len(arrays))


{"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
