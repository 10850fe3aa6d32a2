"""Makes the HDF5 files of the corpus that are the project's own.

usage: hdf5_generate.py DIRECTORY
"""

import sys

import h5py
from h5py import h5d, h5p, h5s, h5t
import numpy


def links_and_attributes(file):
    dense = file.create_group("dense", track_order=True)
    for i in range(12):
        dense[f"é{i}"] = h5py.SoftLink(f"/few/{i}")
    dense["huge"] = h5py.SoftLink("n" * 5000)
    few = file.create_group("few")
    few["soft"], few["external"] = h5py.SoftLink("../dense"), h5py.ExternalLink("other.h5", "/a/b")
    few["loop"], few["around"] = file["/"], h5py.SoftLink("/few/around")
    for i in range(12):
        few.attrs[f"a{i}"] = numpy.arange(i, dtype=">i2")
    few.attrs["huge"] = numpy.zeros(600)
    few.attrs["empty"], few.attrs["text"] = h5py.Empty("f4"), "ä"
    ordered = file.create_group("ordered", track_order=True)
    for name in "zya":
        ordered.create_group(name)
        ordered.attrs[name] = 1
    file["type"] = numpy.dtype([("a", "i4"), ("b", "f8", (2, 3))])
    few.attrs.create("committed", numpy.zeros(1, file["type"].dtype), dtype=file["type"])


def types(file):
    enum = h5py.enum_dtype({"A": -1, "B": 300}, basetype=">i2")
    inner = [("p", ">f4"), ("q", "S3", (2,))]
    for name, dtype in {
        "integer": "i1", "half": "f2", "long": numpy.longdouble, "complex": ">c16", "bool": "?", "enum": enum,
        "fixed": h5py.string_dtype("utf-8", 9), "string": h5py.string_dtype("ascii"), "list": h5py.vlen_dtype(enum),
        "opaque": "V9", "object": h5py.ref_dtype, "region": h5py.regionref_dtype,
        "compound": [("x", enum), ("y", inner), ("ü", "i8", (3, 2))],
        "references": [("s", h5py.string_dtype()), ("l", h5py.vlen_dtype("u2"))],
        "aligned": numpy.dtype([("a", "i1"), ("b", "f8")], align=True),
    }.items():
        file.create_dataset(name, (3,), dtype=dtype)
    partial = h5t.STD_I32LE.copy()
    partial.set_precision(17)
    partial.set_offset(3)
    tagged = h5t.create(h5t.OPAQUE, 12)
    tagged.set_tag(b"a tag")
    made = {"partial": partial, "bits": h5t.STD_B16BE, "tagged": tagged, "time": h5t.UNIX_D32LE}
    for name, data_type in made.items():
        h5d.create(file.id, name.encode(), data_type, h5s.create_simple((5,)))


def newest(file):
    h5d.create(file.id, b"complex", h5t.COMPLEX_IEEE_F32LE, h5s.create_simple((5,)))
    layouts(file)


def layouts(file):
    data = numpy.arange(60).reshape(6, 10)
    file.create_dataset("scalar", data=1.5)
    file.create_dataset("null", data=h5py.Empty("i4"))
    file.create_dataset("filled", (6, 10), dtype="i4", fillvalue=7)
    file.create_dataset("filtered", data=data, chunks=(4, 5), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("lzf", data=data, chunks=(6, 10), compression="lzf")
    file.create_dataset("scaled", data=data, chunks=(3, 10), scaleoffset=3)
    for name, most in {"one": (None, 10), "two": (None, None), "none": (10, 20)}.items():
        file.create_dataset(name, data=data, chunks=(4, 5), maxshape=most)
    file.create_dataset("external", (10,), dtype="i4", external=[("a.raw", 0, 20), ("b.raw", 4, 20)])
    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    h5d.create(file.id, b"compact", h5t.NATIVE_INT32, h5s.create_simple((5,)), dcpl=compact)
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((4, 5))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    h5d.create(file.id, b"implicit", h5t.NATIVE_INT32, h5s.create_simple((6, 10)), dcpl=early)
    if file.libver[0] != "earliest":
        virtual = h5py.VirtualLayout((4, 10), dtype="i4")
        for i in range(4):
            virtual[i] = h5py.VirtualSource(f"v{i % 3}.h5", "d", (10,))
        file.create_virtual_dataset("virtual", virtual)


def main():
    for name, make, libver, options in [
        ("old_links", links_and_attributes, ("earliest", "v108"), {}),
        ("links", links_and_attributes, ("v110", "v110"), {}),
        ("old_types", types, ("earliest", "v108"), {}),
        ("types", types, ("v112", "v112"), {}),
        ("old_layouts", layouts, ("earliest", "v108"), {"userblock_size": 512}),
        ("layouts", layouts, ("v110", "v110"), {}),
        ("newest", newest, ("latest", "latest"), {}),
    ]:
        with h5py.File(f"{sys.argv[1]}/{name}.h5", "w", libver=libver, **options) as file:
            make(file)


if __name__ == "__main__":
    main()
