"""Selects by labels in a store's output.zarr with xarray.

Reads a JSON list of {"group", "variable", "sel": {NAME: LABEL}} from its input; prints a list of {"shape", "values",
"coordinates"}, the last being the labels of all dimensions by name. Warnings are errors.
"""

import json
import sys
import warnings

import xarray


def result(tree, case):
    array = tree[case["group"]].to_dataset()[case["variable"]]
    labels = {name: array.coords[name].values.tolist() for name in array.dims if name in array.coords}
    found = array.sel(case["sel"])
    return {"shape": list(found.shape), "values": found.values.ravel().tolist(), "coordinates": labels}


warnings.simplefilter("error")
tree = xarray.open_datatree(sys.argv[1], engine="zarr", consolidated=False)
print(json.dumps([result(tree, case) for case in json.load(sys.stdin)]))
