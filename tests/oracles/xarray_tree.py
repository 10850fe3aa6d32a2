"""Opens a store's output.zarr as a tree of data sets with xarray and compares every variable."""

import numpy as np
import xarray

from oracle import Report, arguments, difference
from zarr_view import zarr_nodes


def main():
    store, nodes = arguments(__doc__, "store")
    report, expected = Report(), zarr_nodes(nodes)
    tree = xarray.open_datatree(store, engine="zarr", consolidated=False)
    groups = {group.path: group for group in tree.subtree if group.path != "/"}
    variables = {
        f"{group.path.rstrip('/')}/{name}": variable
        for group in tree.subtree
        for name, variable in group.to_dataset(inherit=False).variables.items()
    }
    arrays = {key for key, node in expected.items() if node["kind"] == "array"}
    report.common_keys(groups.keys(), expected.keys() - arrays - {"/"})
    for key in report.common_keys(variables.keys(), arrays):
        node = expected[key]
        with report.node(key):
            values = np.asarray(variables[key].values)
            report.check(key, "values", difference(values, node["array"]) if node["array"] else None)
            if (names := node["dimension_names"]) is not None and list(variables[key].dims) != names:
                report.fault(key, f"dimensions {variables[key].dims}, expected {names}")
    report.finish()


main()
