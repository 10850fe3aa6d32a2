"""What self_test.py reads with the oracle programs: the same values as Zarr and HDF5, by others' writers."""

import json

import h5py
import numpy as np
import zarr

TEXT = h5py.string_dtype()
NAN = np.array([0x7FF8_0000_0000_BEEF, 0x8000_0000_0000_0000], np.uint64).view(np.float64)
ARRAYS = {
    "/bool": np.array([True, False]),
    "/complex": np.array([1 + 2j, complex(np.inf, -0.0)]),
    "/empty": np.zeros((0, 3), np.float32),
    "/extra": np.array(1, np.int32),
    "/half": np.array([1.5, np.nan, -np.inf, 6e-8], np.float16),
    "/deep/er/int": np.arange(-3, 3, dtype=np.int64).reshape(1, 2, 3),
    "/nan": NAN,
    "/scalar": np.array(2.5),
    "/text": np.array([["", "ä"], ["x", "日本"]], dtype=object),
    "/uint": np.array([2**64 - 1], np.uint64),
}
COLUMNS = {"PGA": np.linspace(0, 1, 6).reshape(3, 2), "id": np.arange(3, dtype=np.uint16)}
PLAIN = {
    "lon": np.array([1.0, 2.0]),
    "rank": np.array([7, 8], np.int8),
    "z": np.array([1j, 2.5]),
}
NAMED = COLUMNS | {
    "name": np.array(["a", "", "ö"], dtype=object),
    "on": np.array([True, False, True]),
    "tags": np.array([["p", "q"], ["", "r"], ["ß", "s"]], dtype=object),
}
TABLES = {"/named": NAMED, "/plain": PLAIN, "/table": COLUMNS}
ATTRIBUTES = {"unit": "g", "levels": [0.5, 2.5], "count": 3, "on": True}


def described(values):
    """The manifest's ARRAY."""
    array = {"data_type": values.dtype.name, "shape": list(values.shape)}
    if values.dtype == object:
        return array | {"data_type": "string", "strings": values.ravel().tolist()}
    return array | {"hex": values.astype(values.dtype.newbyteorder("<")).tobytes().hex()}


def manifest():
    """The nodes of the manifest (see oracle.py)."""
    nodes = {key: {"kind": "dataset"} | described(values) for key, values in ARRAYS.items()}
    for key, columns in TABLES.items():
        rows = len(next(iter(columns.values())))
        nodes[key] = {"kind": "table", "rows": rows, "columns": {n: described(v) for n, v in columns.items()}}
    nodes["/uint"]["attributes"] = ATTRIBUTES
    nodes["/group"] = {"kind": "group", "attributes": {"note": "ü"}}
    nodes["/bytes"] = {"kind": "bytes", "hex": "00ff10"}
    stored = {"calcstore": {"kind": "object", "encoding": "json", "type": "T"}}
    nodes["/object"] = {"kind": "object", "json": {"a": [1, None, "é"]}, "attributes": stored}
    return nodes


def write_store(path, nodes):
    """The Zarr hierarchy; as in a store of ours no two arrays share a dimension name."""
    root = zarr.create_group(path, zarr_format=3)
    arrays = dict(ARRAYS)
    for key, columns in TABLES.items():
        arrays |= {f"{key}/{name}": values for name, values in columns.items()}
    arrays["/bytes"] = np.array([0, 255, 16], np.uint8)
    arrays["/object"] = np.frombuffer(json.dumps(nodes["/object"]["json"]).encode(), np.uint8)
    for key, values in arrays.items():
        data_type = str if values.dtype == object else values.dtype
        names = [f"{key[1:].replace('/', ':')}:{i}" for i in range(values.ndim)]
        array = root.create_array(
            key[1:], shape=values.shape, dtype=data_type, dimension_names=names, fill_value=None
        )
        array[...] = values
        array.attrs.update(nodes.get(key, {}).get("attributes", {}))
    root.create_group("group", attributes=nodes["/group"]["attributes"])


def write_file(path, nodes):
    """The HDF5 file, in the form of an export."""
    with h5py.File(path, "w", libver="earliest") as file:
        for key, values in ARRAYS.items():
            widened = values.astype(np.float32) if values.dtype == np.float16 else values
            file.create_dataset(key, data=widened, dtype=TEXT if values.dtype == object else widened.dtype)
        for key, columns in TABLES.items():
            members = [(n, TEXT if v.dtype == object else v.dtype, v.shape[1:]) for n, v in columns.items()]
            rows = np.zeros(nodes[key]["rows"], members)
            for name, values in columns.items():
                rows[name] = values
            file[key] = rows
        file["/uint"].attrs.update(ATTRIBUTES)
        file.create_group("/group").attrs.update(nodes["/group"]["attributes"])
        file["/bytes"] = np.array([0, 255, 16], np.uint8)
        file.create_dataset("/object", data=json.dumps(nodes["/object"]["json"]), dtype=TEXT)
