"""Writes HDF5 files as h5py and the programs that use it do, for the import to read.

    hdf5_write.py DIRECTORY

Prints a JSON list of their names.
"""

import json
import os
import sys

import h5py
import numpy as np

VERSIONS = ["earliest", "v108", "v110", "v112", "latest"]


def numbers(group):
    for kind in "bool i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split():
        dtype = np.dtype(kind)
        values = np.arange(24).reshape(2, 3, 4).astype(dtype) if kind != "bool" else (np.arange(24) % 3 == 0).reshape(2, 3, 4)
        group[f"{kind}_cube"] = values
        group[f"{kind}_scalar"] = values[1, 1, 1]
        group[f"{kind}_empty"] = values[:0]
        group[f"{kind}_null"] = h5py.Empty(dtype)
        if kind not in ("bool", "c8", "c16"):
            group.create_dataset(f"{kind}_big", data=values, dtype=dtype.newbyteorder(">"))
    group["special"] = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    group["brain"] = np.arange(4.0)
    packed = h5py.h5t.STD_I32LE.copy()
    packed.set_precision(12)
    packed.set_offset(4)
    space = h5py.h5s.create_simple((5,))
    written = h5py.h5d.create(group.id, b"packed", packed, space)
    written.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([-2048, -1, 0, 1, 2047], "i4"))


def texts(group):
    group["fixed"] = np.array([b"a", b"bc", b""], "S4")
    group["variable"] = np.array(["é", "", "東京", "x" * 5000], object)
    group["scalar"] = "one text"
    group["ascii"] = np.array(["a", "b"], h5py.string_dtype("ascii"))
    group["fixed_utf8"] = np.array(["ü".encode(), b"ab"], h5py.string_dtype("utf-8", 7))
    group.create_dataset("matrix", data=np.array([["a", "b"], ["c", "d"]], object), chunks=(1, 2))
    group["pickle"] = np.bytes_(b"\x80\x05K\x01\xff.")
    group["many"] = np.array([f"name {n}" for n in range(40_000)], object)


def compounds(group):
    row = np.dtype([
        ("id", "<i8"), ("pos", "<f4", (3,)), ("name", "S6"), ("inner", [("a", "u1"), ("b", ">f8", (2, 2))]), ("ok", "?"),
        ("z", "c16"), ("text", h5py.string_dtype()),
    ])
    rows = np.zeros(7, row)
    for n in range(7):
        rows[n] = (n, (n, n + 0.5, -n), f"r{n}".encode(), (n, np.full((2, 2), n / 4)), n % 2, n + 1j, "t" * n)
    group["rows"] = rows
    group["one"] = rows[3]
    group["none"] = rows[:0]
    group["matrix"] = np.zeros((2, 3), [("x", "i2"), ("y", "f8")])
    group.create_dataset("chunked", data=np.resize(rows, 5000), chunks=(64,), compression="gzip", maxshape=(None,))
    long = np.zeros(200_000, [("n", "i8"), ("v", "f8", (8,))])
    long["n"] = np.arange(200_000)
    long["v"] = np.arange(200_000)[:, None] + np.arange(8)
    group["long"] = long


def ragged(items, dtype):
    array = np.empty(len(items), object)
    for at, item in enumerate(items):
        array[at] = np.asarray(item, dtype)
    return array


def lists(group):
    def put(name, items, base, shape=None, **options):
        shape = (len(items),) if shape is None else shape
        made = group.create_dataset(name, shape, h5py.vlen_dtype(base), **options)
        if items:
            made[...] = ragged(items, base).reshape(shape)
        return made

    put("ints", [[1, 2, 3], [], [4]], "i4").attrs["units"] = "m"
    put("matrix", [[1.5], [], [2.5, 3.5], [4.5, 5.5, 6.5]], "f8", (2, 2))
    put("chunked", [list(range(n % 7)) for n in range(5000)], "u2", chunks=(64,), compression="gzip", maxshape=(None,))
    put("colours", [[0, 1], [1]], h5py.enum_dtype({"RED": 0, "GREEN": 1}, basetype="i1"))
    put("bools", [[True, False], [True]], "?")
    put("complex", [[1 + 2j], []], "c8")
    put("none", [], "i8")
    group.create_dataset("unwritten", (4,), h5py.vlen_dtype("f4"), chunks=(2,))
    put("long", [np.arange(700_000), np.arange(3), np.arange(900_000)], "f8")
    one = group.create_dataset("one", (), h5py.vlen_dtype("i2"))
    one[()] = np.array([7, 8], "i2")
    space = h5py.h5s.create_simple((2,))
    nested = h5py.h5t.vlen_create(h5py.h5t.vlen_create(h5py.h5t.NATIVE_INT32))
    h5py.h5d.create(group.id, b"nested", nested, space)
    row = np.dtype([("id", "i8"), ("hits", h5py.vlen_dtype("f4")), ("tags", h5py.vlen_dtype("i2")), ("name", h5py.string_dtype())])
    rows = np.empty(300, row)
    for n in range(300):
        rows[n] = (n, np.arange(n % 5, dtype="f4"), np.arange(n % 3, dtype="i2"), f"n{n}")
    group.create_dataset("rows", data=rows, chunks=(50,))
    group["rows.hits.more"] = 1


def others(file):
    group = file.create_group("others")
    group["enum"] = np.array([0, 2, 1], h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 2}, basetype="i2"))
    group["opaque"] = np.frombuffer(bytes(range(12)), "V4")
    group["blob"] = np.void(b"any bytes\x00\xff")
    group["references"] = np.array([file["numbers"].ref, file["texts/fixed"].ref, h5py.Reference()], h5py.ref_dtype)
    group["array"] = np.zeros(3, np.dtype(("f4", (2, 5))))
    group["type"] = np.dtype("f8")
    group.create_dataset("of_type", data=np.arange(3.0), dtype=group["type"])
    group["again"] = group["enum"]
    group["soft"] = h5py.SoftLink("/texts/scalar")
    group["dangling"] = h5py.SoftLink("/nowhere")
    group["to_group"] = h5py.SoftLink("/texts")
    group["cycle"] = group
    group["outside"] = h5py.ExternalLink("other file.h5", "/a/b")
    group["odd: name\\"] = 1
    group["__meta"] = 2
    group.create_group("empty")


def layouts(group):
    data = np.arange(600 * 500, dtype="f8").reshape(600, 500)
    group["contiguous"] = data
    group.create_dataset("chunked", data=data, chunks=(100, 70))
    group.create_dataset("gzip", data=data, chunks=(64, 500), compression="gzip", shuffle=True, fletcher32=True)
    group.create_dataset("lzf", data=data, chunks=(64, 64), compression="lzf")
    group.create_dataset("tiny", data=data[:40, :50], chunks=(1, 3))
    group.create_dataset("growing", data=data, chunks=(7, 500), maxshape=(None, 500))
    group.create_dataset("both", data=data, chunks=(50, 50), maxshape=(None, None))
    group.create_dataset("scaled", data=np.arange(1000), chunks=(100,), scaleoffset=0)
    group.create_dataset("fill", (1000, 1000), "f4", fillvalue=-1.5, chunks=(100, 100))[350:450, 0:120] = 7
    group.create_dataset("unwritten", (5000, 400), "i4", fillvalue=3)
    group.create_dataset("sparse", (1 << 40, 1 << 20), "f8", chunks=(100, 100), maxshape=(None, None))[7, 9] = 1.5
    group.create_dataset("bounded", data=data[:5], chunks=(3, 200), maxshape=(10, 2000))
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((9,))
    h5py.h5d.create(group.id, b"compact", h5py.h5t.NATIVE_INT16, space, compact).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.arange(9, dtype="i2"))


def attributes(item):
    for kind in "bool i1 u8 f2 f4 f8 c16".split():
        item.attrs[kind] = np.arange(6).reshape(2, 3).astype(kind)
        item.attrs[kind + "_scalar"] = np.dtype(kind).type(1)
    item.attrs["text"] = "größe"
    item.attrs["texts"] = ["a", "bc"]
    item.attrs["fixed"] = np.array([b"x", b"yz"])
    item.attrs["empty"] = h5py.Empty("f8")
    item.attrs["nan"] = [np.nan, 1.0, -np.inf]
    item.attrs["pickle"] = np.void(b"\x80\x05N.")
    item.attrs["reference"] = item.ref
    item.attrs["compound"] = np.array((1, 2.5), [("a", "i4"), ("b", "f8")])
    item.attrs.create("lists", np.array([np.array([1, 2]), np.array([3])], object), dtype=h5py.vlen_dtype("i8"))


def scales(group):
    group["time"] = np.arange(4.0)
    group["site"] = np.array(["a", "b", "c"], object)
    group["time"].make_scale("time")
    group["site"].make_scale()
    group["values"] = np.arange(12).reshape(4, 3)
    group["values"].dims[0].attach_scale(group["time"])
    group["values"].dims[1].attach_scale(group["site"])
    group["labelled"] = np.arange(6).reshape(2, 3)
    group["labelled"].dims[1].label = "column"
    nothing = group.create_dataset("level", (5,), "f4")
    nothing.make_scale("This is a netCDF dimension but not a netCDF variable         5")
    group["profile"] = np.arange(5.0)
    group["profile"].dims[0].attach_scale(nothing)


def everything(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        numbers(file.create_group("numbers"))
        texts(file.create_group("texts"))
        compounds(file.create_group("compounds"))
        layouts(file.create_group("layouts"))
        scales(file.create_group("scales"))
        lists(file.create_group("lists"))
        others(file)
        for item in (file, file["numbers"], file["layouts/chunked"], file["compounds/rows"]):
            attributes(item)
        many = file.create_group("many", track_order=True)
        for n in range(300):
            many[f"child {n}"] = n
        dense = file.create_group("dense")
        for n in range(100):
            dense.attrs[f"attribute {n}"] = n


def matlab(path):
    """As MATLAB 7.3: 512 bytes before the superblock, classes in attributes, cells as references."""
    with h5py.File(path, "w", userblock_size=512, libver="earliest") as file:
        file["matrix"] = np.arange(12.0).reshape(3, 4)
        file["matrix"].attrs["MATLAB_class"] = np.bytes_("double")
        file["text"] = np.array([[ord(c)] for c in "hello"], "u2")
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
        file["text"].attrs["MATLAB_int_decode"] = np.int32(2)
        file["#refs#/a"] = np.arange(3.0)
        file["#refs#/b"] = np.arange(2.0)
        file["cell"] = np.array([[file["#refs#/a"].ref], [file["#refs#/b"].ref]], h5py.ref_dtype)
        file["cell"].attrs["MATLAB_class"] = np.bytes_("cell")
        file["struct/x"] = np.array([[1.0]])
        file["struct"].attrs["MATLAB_class"] = np.bytes_("struct")
        file["empty"] = np.zeros(2, "u8")
        file["empty"].attrs["MATLAB_empty"] = np.uint8(1)
        file["complex"] = np.array([(1.0, 2.0)], [("real", "f8"), ("imag", "f8")])
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def openquake(path):
    """As the DataStore of OpenQuake lays results out."""
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["engine_version"] = "3.26.2"
        file.attrs["date"] = "2026-01-01T00:00:00"
        file.attrs["checksum32"] = np.uint32(123456)
        file["oqparam"] = np.void(json.dumps({"description": "demo"}).encode())
        curves = file.create_dataset("hcurves-stats", data=np.arange(24, dtype="f4").reshape(2, 1, 2, 6))
        curves.attrs["json"] = '{"shape_descr": ["site_id", "stat", "imt", "lvl"]}'
        rates = file.create_group("_rates")
        rates.attrs["__pdcolumns__"] = "sid lid gid rate"
        for name, kind in [("sid", "u4"), ("lid", "u1"), ("gid", "u2"), ("rate", "f4")]:
            rates.create_dataset(name, data=np.arange(5000).astype(kind), maxshape=(None,), chunks=True, compression="gzip")
        sites = np.zeros(10, [("sids", "u4"), ("lon", "f8"), ("lat", "f8"), ("custom_site_id", "S8")])
        file["sitecol"] = sites
        file["sitecol"].attrs["__pyclass__"] = "openquake.hazardlib.site.SiteCollection"
        file["input/job.ini"] = np.void(b"\x1f\x8b\x08 not really gzip")
        file["full_lt/source_model_lt"] = np.array([("a", b"x"), ("b", b"y")], [("branch", "S3"), ("utype", "S5")])


def main(directory):
    names = []
    for libver in VERSIONS:
        names.append(f"{libver}.h5")
        bound = (libver, libver) if libver != "earliest" else ("earliest", "v108")
        everything(os.path.join(directory, names[-1]), bound if libver != "latest" else "latest")
    for name, write in (("matlab.mat", matlab), ("calc_1.hdf5", openquake)):
        names.append(name)
        write(os.path.join(directory, name))
    print(json.dumps(names))


if __name__ == "__main__":
    main(sys.argv[1])
