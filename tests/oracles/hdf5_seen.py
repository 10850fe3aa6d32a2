"""Prints what h5py sees of each object of an HDF5 file: of a dataset its type and how it is stored, and all attributes but
those of dimension scales, of objects and of the store."""

import json
import sys

import h5py

OTHERS = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid"}
OTHERS |= {"calcstore", "calcstore_bytes", "calcstore_type", "calcstore_schema", "calcstore_version", "date"}


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def main():
    seen = {}

    def see(name, item):
        attributes = {key: plain(value) for key, value in item.attrs.items() if key not in OTHERS}
        seen["/" + name] = {"attributes": attributes}
        if isinstance(item, h5py.Dataset):
            how = [item.chunks, item.compression, item.compression_opts, item.shuffle, item.fletcher32]
            seen["/" + name] |= {"type": str(item.dtype), "storage": how, "maximum": item.maxshape}

    with h5py.File(sys.argv[1], "r") as file:
        see("", file)
        file.visititems(see)
    json.dump(seen, sys.stdout)


main()
