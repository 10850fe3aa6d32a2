"""Opens a zip file in place with zarr-python and compares all of it with the hierarchy that it was packed from."""

import sys
import zipfile

import numpy as np
import zarr
from zarr.storage import ZipStore


def main(directory, packed):
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    group = zarr.open_group(directory, mode="r")
    found = zarr.open_group(ZipStore(packed, mode="r"), mode="r")
    members = dict(group.members(max_depth=None))
    others = dict(found.members(max_depth=None))
    assert members.keys() == others.keys(), (members.keys(), others.keys())
    assert dict(group.attrs) == dict(found.attrs)
    arrays = 0
    for name, member in members.items():
        assert dict(member.attrs) == dict(others[name].attrs), name
        if isinstance(member, zarr.Array):
            np.testing.assert_array_equal(member[...], others[name][...], err_msg=name)
            arrays += 1
    print(arrays)


main(*sys.argv[1:])
