"""Reads a store's output.zarr with tensorstore and compares every array with a manifest."""

import tensorstore

from oracle import Report, arguments, difference
from zarr_view import zarr_nodes

# What tensorstore's driver zarr3 does not know.
UNREADABLE = {"string"}


def main():
    store, nodes = arguments(__doc__, "store")
    report = Report()
    for key, node in sorted(zarr_nodes(nodes).items()):
        if node["kind"] == "group":
            continue
        data_type = node["array"]["data_type"] if node["array"] else "uint8"
        if data_type in UNREADABLE:
            report.skip(key, f"data type {data_type}")
            continue
        with report.node(key):
            spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{store}{key}/"}}
            opened = tensorstore.open(spec, open=True, read=True).result()
            if node["array"]:
                report.check(key, "values", difference(opened.read().result(), node["array"]))
            else:
                opened.read().result()
            if (names := node["dimension_names"]) is not None and list(opened.domain.labels) != names:
                report.fault(key, f"dimension names {opened.domain.labels}, expected {names}")
    report.finish()


main()
