"""Writes HDF5 datasets of all layouts with h5py, and says where their elements are and what they must be.

    hdf5_elements.py DIRECTORY SEED COUNT

makes files in DIRECTORY, `manifest.json` with what the headers of their datasets say, and `N.raw` with the bytes that
h5py reads from the Nth dataset.
"""

import json
import random
import struct
import sys
from pathlib import Path

import h5py
import numpy as np

VERSIONS = ["earliest", "v108", "v110", "latest"]


class Header:
    """The messages of an object header, read without the library."""

    def __init__(self, file, address):
        self.file, self.messages = file, {}
        head = self.at(address, 16)
        if head[:4] == b"OHDR":
            self.version_2(address, head[5])
        else:
            count, size = struct.unpack_from("<HxxxxI", head, 2)
            self.block_1(address + 16, size)

    def at(self, address, size):
        self.file.seek(address)
        return self.file.read(size)

    def block_1(self, address, size):
        block, at = self.at(address, size), 0
        while at + 8 <= size:
            kind, length = struct.unpack_from("<HH", block, at)
            body = block[at + 8 : at + 8 + length]
            at += 8 + length
            if kind == 0x10:
                self.block_1(*struct.unpack("<QQ", body[:16]))
            self.messages.setdefault(kind, body)

    def version_2(self, address, flags):
        at = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(self.at(at, width), "little")
        self.block_2(at + width, size, flags)

    def block_2(self, address, size, flags):
        block, at, extra = self.at(address, size), 0, 2 if flags & 4 else 0
        while at + 4 + extra <= size:
            kind, length = block[at], struct.unpack_from("<H", block, at + 1)[0]
            body = block[at + 4 + extra : at + 4 + extra + length]
            at += 4 + extra + length
            if kind == 0x10:
                address, length = struct.unpack("<QQ", body[:16])
                self.block_2(address + 4, length - 8, flags)
            self.messages.setdefault(kind, body)


def address_of(number):
    return None if number == 2**64 - 1 else number


def layout_of(body):
    version, kind = body[0], body[1]
    assert version in (3, 4, 5), version
    if kind == 0:
        size = struct.unpack_from("<H", body, 2)[0]
        return {"compact": body[4 : 4 + size].hex()}
    if kind == 1:
        address, size = struct.unpack_from("<QQ", body, 2)
        return {"contiguous": address_of(address), "size": size}
    if version == 3:
        rank = body[2]
        address = struct.unpack_from("<Q", body, 3)[0]
        chunk = list(struct.unpack_from(f"<{rank}I", body, 11))[:-1]
        return {"chunk": chunk, "index": "tree1", "address": address_of(address), "plain_edges": False}
    flags, rank, width = body[2:5]
    dims = [int.from_bytes(body[5 + n * width : 5 + (n + 1) * width], "little") for n in range(rank)]
    at = 5 + rank * width
    index, at = body[at], at + 1
    found = {"chunk": dims[:-1], "plain_edges": bool(flags & 1)}
    if index == 1 and flags & 2:
        found["size"], found["mask"] = struct.unpack_from("<QI", body, at)
        at += 12
    skipped = {1: 0, 2: 0, 3: 1, 4: 5, 5: 6}[index]
    found["index"] = {1: "single", 2: "implicit", 3: "fixed", 4: "extensible", 5: "tree2"}[index]
    found["address"] = address_of(struct.unpack_from("<Q", body, at + skipped)[0])
    return found


def describe(path, name, out, number):
    with h5py.File(path) as file:
        dataset = file[name]
        address = h5py.h5o.get_info(dataset.id).addr
        plist = dataset.id.get_create_plist()
        filters = [plist.get_filter(n) for n in range(plist.get_nfilters())]
        size = 16 if dataset.dtype.kind == "O" else dataset.id.get_type().get_size()
        fill = np.zeros((), f"V{size}")
        if plist.fill_value_defined() != h5py.h5d.FILL_VALUE_UNDEFINED and dataset.dtype.kind not in "VO":
            fill = np.array(dataset.fillvalue, dataset.dtype)
        values, expected = np.zeros(dataset.shape, f"V{size}"), None
        if h5py.check_string_dtype(dataset.dtype) and dataset.dtype.kind == "O":
            expected = {"texts": [text.decode() for text in dataset[()].reshape(-1)]}
        elif h5py.check_vlen_dtype(dataset.dtype):
            expected = {"lists": [part.tolist() for part in dataset[()].reshape(-1)]}
        elif dataset.shape and dataset.size:
            dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, values, dataset.id.get_type())
        elif not dataset.shape:
            values = dataset[()]
        (out / f"{number}.raw").write_bytes(values.tobytes())
        said = {
            "file": path.name,
            "name": name,
            "number": number,
            "size": size,
            "expected": expected,
            "shape": list(dataset.shape),
            "maximum": list(dataset.maxshape),
            "fill": fill.tobytes().hex(),
            "filters": [[code, list(parameters)] for code, _, parameters, _ in filters],
        }
    with open(path, "rb") as bytes_of_file:
        body = Header(bytes_of_file, address).messages[8]
    return {**said, "layout": layout_of(body)}


def numbers(rng, shape, dtype):
    count = int(np.prod(shape))
    if rng.random() < 0.5:
        return (np.arange(count) % 251).astype(dtype).reshape(shape)
    generator = np.random.default_rng(rng.randrange(2**32))
    return (generator.integers(0, 120, count)).astype(dtype).reshape(shape)


def random_filters(rng, dtype):
    options = {}
    if rng.random() < 0.3:
        return options
    options["shuffle"] = rng.random() < 0.5
    options["fletcher32"] = rng.random() < 0.4
    compression = rng.choice([None, "gzip", "lzf"])
    if compression:
        options["compression"] = compression
    if dtype.kind in "iu" and rng.random() < 0.3:
        options["scaleoffset"] = rng.choice([0, 0, 0, 5, 7])
    if dtype.kind == "f" and dtype.itemsize > 2 and rng.random() < 0.3:
        options["scaleoffset"] = rng.choice([0, 1, 3])
    if options.get("scaleoffset") is not None:
        options["fletcher32"] = False
    return options


def random_dataset(rng, file, name):
    rank = rng.randint(1, 4)
    longest = {1: 60, 2: 20, 3: 9, 4: 6}[rank]
    shape = tuple(rng.randint(1, longest) for _ in range(rank))
    dtype = np.dtype(rng.choice(["<i1", ">u2", "<i4", ">i4", "<f4", ">f8", "<f8", "<u8", "<f2", ">i8", "<u4"]))
    maximum = []
    for side in shape:
        maximum.append(rng.choice([side, side, None, side + rng.randint(0, 9)]))
    chunk = tuple(rng.randint(1, side if most is not None else side + 3) for side, most in zip(shape, maximum))
    if rng.random() < 0.1:
        chunk, maximum = shape, list(shape)
    options = random_filters(rng, dtype)
    if rng.random() < 0.6:
        options["fillvalue"] = rng.randint(0, 100)
    dataset = file.create_dataset(
        name, shape, dtype, chunks=chunk, maxshape=tuple(maximum), track_times=False, **options
    )
    if rng.random() < 0.6:
        dataset[...] = numbers(rng, shape, dtype)
    for _ in range(rng.randint(0, 3)):
        box = []
        for side in shape:
            start = rng.randrange(side)
            box.append(slice(start, rng.randint(start, side) + 1))
        part = dataset[tuple(box)].shape
        dataset[tuple(box)] = numbers(rng, part, dtype)
    if rng.random() < 0.3:
        new = tuple(
            rng.randint(max(1, side - 6), side + 7 if most is None else most) for side, most in zip(shape, maximum)
        )
        dataset.resize(new)
        if rng.random() < 0.5:
            dataset[tuple(slice(side - 1, side) for side in new)] = 77
    return name


def low_level(file, name, shape, dtype, chunk, prepare, values=None, maximum=None):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if chunk:
        plist.set_chunk(chunk)
    prepare(plist)
    space = h5py.h5s.create_simple(shape, maximum or shape)
    kind = dtype if isinstance(dtype, h5py.h5t.TypeID) else h5py.h5t.py_create(np.dtype(dtype))
    made = h5py.h5d.create(file.id, name.encode(), kind, space, plist)
    if values is not None:
        inner = values.shape[len(shape) :]
        memory = h5py.h5t.py_create(np.dtype((values.dtype, inner)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values), memory)
    return name


def narrow(base, precision, offset):
    kind = base.copy()
    kind.set_precision(precision)
    kind.set_offset(offset)
    return kind


def nbit_types():
    yield "plain", narrow(h5py.h5t.STD_I32LE, 17, 4)
    yield "big", narrow(h5py.h5t.STD_U16BE, 9, 3)
    yield "wide", narrow(h5py.h5t.STD_I64LE, 33, 11)
    yield "byte", narrow(h5py.h5t.STD_U8LE, 3, 2)
    yield "whole", h5py.h5t.STD_I32LE.copy()
    yield "array", h5py.h5t.array_create(narrow(h5py.h5t.STD_I32BE, 13, 7), (3, 2))
    compound = h5py.h5t.create(h5py.h5t.COMPOUND, 32)
    compound.insert(b"a", 1, narrow(h5py.h5t.STD_I16LE, 11, 2))
    compound.insert(b"b", 4, h5py.h5t.array_create(narrow(h5py.h5t.STD_U32LE, 20, 0), (2,)))
    compound.insert(b"c", 16, h5py.h5t.IEEE_F64LE)
    text = h5py.h5t.C_S1.copy()
    text.set_size(5)
    compound.insert(b"d", 24, text)
    yield "compound", compound


def narrow_values(name, kind):
    """Values that need all bits that a type has."""
    random_numbers = np.random.default_rng(5)
    if name == "array":
        return random_numbers.integers(-4096, 4096, (23, 3, 2)).astype("<i4")
    if name == "compound":
        values = np.zeros(23, kind.dtype)
        values["a"], values["c"] = random_numbers.integers(-1024, 1024, 23), np.arange(23) / 7
        values["b"], values["d"] = random_numbers.integers(0, 2**20, (23, 2)), b"text"
        return values
    bits = kind.get_precision()
    least = -(2 ** (bits - 1)) if kind.get_sign() == h5py.h5t.SGN_2 else 0
    return random_numbers.integers(least, least + 2**bits, 23).astype(kind.dtype)


def fixed_datasets(file):
    """One of each layout and index, by names that say what is special."""
    big = np.arange(24000, dtype="<i4")
    yield file.create_dataset("contiguous", data=big.reshape(24, 1000)).name
    yield file.create_dataset("scalar", data=3.5).name
    yield file.create_dataset("unwritten", (7, 3), ">f4", fillvalue=1.5).name
    yield file.create_dataset("empty", (0, 3), "<f4").name
    yield file.create_dataset("endless", data=big, chunks=(1,), maxshape=(None,)).name
    yield file.create_dataset("endless_filtered", data=big, chunks=(7,), maxshape=(None,), compression=1).name
    sparse = file.create_dataset("endless_sparse", (300000,), "<i2", chunks=(2,), maxshape=(None,), fillvalue=-3)
    sparse[0] = 1
    sparse[299990:] = 5
    sparse[140000:140020] = 6
    yield sparse.name
    far = file.create_dataset("endless_filtered_sparse", (140000,), "i1", chunks=(1,), maxshape=(None,), shuffle=True)
    far[139000:139990] = 8
    yield far.name
    late = file.create_dataset("endless_second", (6, 900, 2), "<i4", chunks=(2, 7, 1), maxshape=(9, None, 5))
    late[...] = np.arange(10800).reshape(6, 900, 2)
    yield late.name
    yield file.create_dataset("fixed_paged", data=big, chunks=(3,)).name
    paged = file.create_dataset("fixed_paged_filtered", (9000,), "<i8", chunks=(2,), shuffle=True, compression=3)
    paged[5000:6000] = np.arange(1000)
    yield paged.name
    two = file.create_dataset("two_endless", (120, 100), "<f8", chunks=(1, 2), maxshape=(None, None))
    two[...] = np.arange(12000).reshape(120, 100)
    yield two.name
    two = file.create_dataset("two_endless_lzf", (90, 80), ">u2", chunks=(3, 2), maxshape=(None, None), compression="lzf")
    two[...] = np.arange(7200).reshape(90, 80) // 9
    yield two.name
    yield file.create_dataset("lzf", data=big // 9, chunks=(4000,), compression="lzf").name
    yield file.create_dataset("one_chunk", data=big[:60].reshape(6, 10), chunks=(6, 10)).name
    yield file.create_dataset("one_chunk_filtered", data=big[:60].reshape(6, 10), chunks=(6, 10), compression=5).name
    values = np.arange(35, dtype="<i4").reshape(5, 7)
    early = lambda plist: plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    yield low_level(file, "implicit", (5, 7), "<i4", (2, 3), early, values)
    yield low_level(file, "implicit_larger", (5, 7), "<i4", (2, 3), early, values, (9, 20))
    yield low_level(file, "compact", (5, 7), "<i4", None, lambda plist: plist.set_layout(h5py.h5d.COMPACT), values)
    for name, kind in nbit_types():
        written = narrow_values(name, kind)
        nbit = lambda plist: plist.set_filter(h5py.h5z.FILTER_NBIT, 0, ())
        yield low_level(file, f"nbit_{name}", (23,), kind, (5,), nbit, written)
    floats = np.round(np.sin(np.arange(500)) * 1000, 3)
    yield file.create_dataset("scale_f8", data=floats, chunks=(64,), scaleoffset=3).name
    yield file.create_dataset("scale_f4", data=floats.astype(">f4"), chunks=(64,), scaleoffset=2, fillvalue=0).name
    yield file.create_dataset("scale_equal", data=np.full(500, 7, "<u2"), chunks=(64,), scaleoffset=0).name
    wide = np.array([-(2**63), 2**63 - 1] * 20, ">i8")
    yield file.create_dataset("scale_whole", data=wide, chunks=(16,), scaleoffset=0).name
    signed = (np.arange(500) % 90 - 45).astype("<i1")
    yield file.create_dataset("scale_i1", data=signed, chunks=(64,), scaleoffset=0, fillvalue=-45).name
    pixels = np.round(1000 + 400 * np.sin(np.arange(6000) / 40))
    pixels[2000:3300] = 7
    pixels[3300:3400:9] = 900
    noise = np.random.default_rng(3).integers(0, 2**16, 3000)
    # The coder knows nothing of versions.
    for kind in ["u1", "<i2", ">u2", "<i4", ">f4", "<f8"] if file.libver[0] in ("earliest", "v110") else []:
        mixed = np.concatenate([pixels % (256 if kind == "u1" else 2**15), noise % 128]).astype(kind)
        for pixels_of_block, chunk in [(8, 512), (4, 6000), (32, 37)]:
            for method in ["nn", "ec"]:
                name = f"szip_{kind[-2:]}_{kind[0] == '>'}_{pixels_of_block}_{method}"
                how = {"compression": "szip", "compression_opts": (method, pixels_of_block)}
                yield file.create_dataset(name, data=mixed, chunks=(chunk,), **how).name
    words = [f"{n} ä" * (n % 50) for n in range(3000)]
    text = h5py.string_dtype()
    yield file.create_dataset("texts", data=words, dtype=text).name
    yield file.create_dataset("texts_chunked", data=words, dtype=text, chunks=(100,), compression=1, shuffle=True).name
    yield file.create_dataset("texts_long", data=["x" * 3_000_000, "y", "z" * 70000], dtype=text).name
    some = file.create_dataset("texts_missing", (40,), text)
    some[3:5] = ["a", "bcd"]
    yield some.name
    lists = file.create_dataset("lists", (50,), h5py.vlen_dtype("<i2"))
    for n in range(50):
        lists[n] = np.arange(n * 7 % 31)
    yield lists.name
    masked = file.create_dataset("masked", (12,), "<i4", chunks=(4,), shuffle=True, compression=4, fletcher32=True)
    masked[...] = np.arange(12)
    masked.id.write_direct_chunk((4,), np.arange(100, 104, dtype="<i4").tobytes(), 0b111)
    masked_shuffled = np.arange(200, 204, dtype="<i4").view("u1").reshape(4, 4).T.tobytes()
    masked.id.write_direct_chunk((8,), masked_shuffled, 0b110)
    yield masked.name


def main():
    out, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    manifest = []
    for version in VERSIONS:
        rng = random.Random(seed)
        path = out / f"{version}.h5"
        with h5py.File(path, "w", libver=version) as file:
            names = [name.lstrip("/") for name in fixed_datasets(file)]
            for n in range(count):
                names.append(random_dataset(rng, file, f"random_{n}"))
        for name in names:
            manifest.append(describe(path, name, out, len(manifest)))
    (out / "manifest.json").write_text(json.dumps(manifest))


main()
