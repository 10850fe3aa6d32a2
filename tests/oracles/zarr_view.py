"""How the nodes of a manifest look to a program that knows Zarr and nothing of this store."""

from oracle import bytes_array


def zarr_nodes(nodes):
    """By key {"kind": "group" or "array", "array": ARRAY, "attributes", "dimension_names", "json"}.

    A table is a group of one array per column; bytes and objects are uint8 arrays, those of objects with the
    ARRAY None, since a manifest does not give their bytes. Dimension names are None where none are given.
    """
    view = {}
    for key, node in nodes.items():
        group = node["kind"] in ("group", "table")
        array = {"bytes": bytes_array, "dataset": dict}.get(node["kind"], lambda _: None)(node)
        view[key] = entry("group" if group else "array", array, node)
        for name, column in node.get("columns", {}).items():
            view[f"{key}/{name}"] = entry("array", column, column)
    return view


def entry(kind, array, node):
    return {
        "kind": kind,
        "array": array,
        "attributes": node.get("attributes", {}),
        "dimension_names": node.get("dimension_names"),
        "json": node.get("json"),
    }
