"""Writes the example `foreign`: what calcstore reads and does not write itself. Needs zarr-python 3.1.

usage: foreign.py DIRECTORY
"""

import sys

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec, TransposeCodec

VALUES = np.arange(15, dtype=np.float64).reshape(5, 3)


def write(root):
    def create(name, values=VALUES, **options):
        options = {"chunks": (2, 2), "compressors": None, "fill_value": 0} | options
        array = root.create_array(name, shape=values.shape, dtype=values.dtype, **options)
        array[...] = values

    create("small_chunks")
    create("wide_chunks", chunks=(2, 4))
    create("slashes", chunk_key_encoding={"name": "default", "separator": "/"})
    create("v2_keys", chunk_key_encoding={"name": "v2", "separator": "."})
    create("big_endian", serializer=BytesCodec(endian="big"))
    create("transposed", filters=[TransposeCodec(order=(1, 0))])
    create("checksum", compressors=[Crc32cCodec()])
    create("shards", chunks=(1, 2), shards=(3, 4))
    create("sharded_with_checksum", chunks=(2, 2), shards=(4, 4), compressors=[Crc32cCodec()])
    create("named", dimension_names=["site", None])
    text = np.array([["a", "ä"], ["", "日本"], ["x", "y"]], dtype=np.dtypes.StringDType())
    create("text", text, fill_value="")
    # Chunks that are all fill value are not written.
    holes = np.full((5, 3), np.nan)
    holes[0, 0] = 1.5
    create("sparse", holes, fill_value=np.nan)


def main():
    root = zarr.create_group(sys.argv[1], zarr_format=3, attributes={"written by": "zarr-python"})
    zarr.config.set({"array.write_empty_chunks": False})
    write(root)


main()
