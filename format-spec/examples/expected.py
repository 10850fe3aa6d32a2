"""Prints the manifest of a store (the form is described in tests/oracles/oracle.py) as zarr-python reads it.

usage: expected.py STORE [EXPECTED]

What zarr-python cannot know, the JSON of objects that are kept as postcard, is taken from EXPECTED, an earlier
manifest; for a new one it is null and is to be written by hand.
"""

import json
import pathlib
import sys

import numpy as np
import zarr


def described(array):
    values = np.asarray(array[...])
    if values.dtype.kind in "OTU":
        return {"data_type": "string", "shape": list(values.shape), "strings": [str(x) for x in values.ravel()]}
    little = values.astype(values.dtype.newbyteorder("<"))
    return {"data_type": values.dtype.name, "shape": list(values.shape), "hex": little.tobytes().hex()}


def node(key, member, earlier):
    attributes = dict(member.attrs)
    marker = attributes.pop("calcstore", {})
    kind = marker.get("kind", "root")
    if kind == "table":
        columns = {name: described(member[name]) for name in marker["columns"]}
        found = {"kind": "table", "rows": marker["rows"], "columns": columns}
    elif kind == "object":
        stored = member[...].tobytes()
        value = json.loads(stored) if marker["encoding"] == "json" else earlier.get(key, {}).get("json")
        found = {"kind": "object", "json": value}
    elif kind == "bytes":
        found = {"kind": "bytes", "hex": member[...].tobytes().hex()}
    elif isinstance(member, zarr.Group):
        found = {"kind": "group"}
    else:
        names = member.metadata.dimension_names
        found = {"kind": "dataset"} | described(member) | ({"dimension_names": list(names)} if names else {})
    return found | ({"attributes": attributes} if attributes else {})


def main():
    root = zarr.open_group(sys.argv[1], mode="r", zarr_format=3, use_consolidated=False)
    earlier = {}
    if len(sys.argv) > 2:
        earlier = json.loads(pathlib.Path(sys.argv[2]).read_text("utf-8"))["nodes"]
    members = {"/": root} | {"/" + path: member for path, member in root.members(max_depth=None)}
    tables = [key for key, member in members.items() if member.attrs.get("calcstore", {}).get("kind") == "table"]
    nodes = {
        key: node(key, member, earlier)
        for key, member in sorted(members.items())
        if key.rpartition("/")[0] not in tables
    }
    print(json.dumps({"nodes": nodes}, indent=1, ensure_ascii=False))


main()
