#!/usr/bin/env python3
"""Times one peer at one workload of `cargo bench --bench workloads`, which starts this.

usage: peers.py WORKLOAD PEER DATA DIRECTORY [--batches N]

DATA holds the elements: rows of 1024 float64, or of 4 float32 for `append`. One line of JSON is printed: the
seconds of each phase, and the sum of what was read. Loading the elements and summing them is not timed; every
file is closed, none is forced to disk. A dataset that DIRECTORY holds already is read only, not written again.
"""

import argparse
import contextlib
import json
import pathlib
import time

import numpy as np

CHUNKS = {"big": (128, 1024), "small-chunks": (8, 1024), "packed": (128, 1024), "slices": (128, 1024), "rows": (8, 1024)}

# Slices that are read, and the rows of each.
SLICES = {"slices": (1000, 100), "rows": (10_000, 1)}


class Seconds(dict):
    @contextlib.contextmanager
    def phase(self, name):
        start = time.perf_counter()
        yield
        self[name] = time.perf_counter() - start


def h5py_peer(path, chunks, **settings):
    import h5py

    def write(elements):
        with h5py.File(path, "w") as file:
            file.create_dataset("a", data=elements, chunks=chunks, **settings)

    def read(take):
        with h5py.File(path, "r") as file:
            return take(file["a"])

    return write, read


def zarr_peer(path, chunks, **settings):
    import zarr

    def write(elements):
        array = zarr.create_array(path, shape=elements.shape, dtype=elements.dtype, chunks=chunks, **settings)
        array[:] = elements

    return write, lambda take: take(zarr.open_array(path, mode="r"))


def zarr_blosc_peer(path, chunks, level):
    from zarr.codecs import BloscCodec

    return zarr_peer(path, chunks, compressors=BloscCodec(cname="zstd", clevel=level, shuffle="shuffle"))


def tensorstore_peer(path, chunks, level=None):
    import tensorstore

    files = {"driver": "file", "path": f"{path}/", "file_io_sync": False}
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    if level is not None:
        blosc = {"cname": "zstd", "clevel": level, "shuffle": "shuffle", "typesize": 8, "blocksize": 0}
        codecs.append({"name": "blosc", "configuration": blosc})

    def write(elements):
        grid = {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}
        metadata = {"shape": list(elements.shape), "data_type": "float64", "codecs": codecs, "chunk_grid": grid}
        spec = {"driver": "zarr3", "kvstore": files, "metadata": metadata}
        tensorstore.open(spec, create=True).result().write(elements).result()

    class Selected:
        def __init__(self, array):
            self.array = array

        def __getitem__(self, selection):
            return self.array[selection].read().result()

    return write, lambda take: take(Selected(tensorstore.open({"driver": "zarr3", "kvstore": files}).result()))


def numpy_peer(path, mmap_mode=None):
    def read(take):
        return take(np.load(path, mmap_mode=mmap_mode))

    return lambda elements: np.save(path, elements), read


def c_blosc_peer(path, chunks, level):
    """No store at all: the compression of the same chunks by the C library."""
    import numcodecs

    codec = numcodecs.Blosc(cname="zstd", clevel=level, shuffle=numcodecs.Blosc.SHUFFLE)

    def write(elements):
        path.mkdir()
        frames = [codec.encode(elements[row : row + chunks[0]]) for row in range(0, len(elements), chunks[0])]
        (path / "frames").write_bytes(b"".join(frames))
        write.frames = frames

    def read(take):
        parts = [np.frombuffer(codec.decode(frame), dtype=np.float64) for frame in write.frames]
        return np.concatenate(parts)

    return write, read


def peer_of(name, workload, path):
    chunks = CHUNKS[workload]
    if workload == "packed":
        return {
            "h5py, gzip 4": lambda: h5py_peer(path, chunks, compression="gzip", compression_opts=4, shuffle=True),
            "zarr-python, zstd": lambda: zarr_peer(path, chunks),
            "zarr-python, blosc 3": lambda: zarr_blosc_peer(path, chunks, 3),
            "zarr-python, blosc 5": lambda: zarr_blosc_peer(path, chunks, 5),
            "tensorstore, blosc 5": lambda: tensorstore_peer(path, chunks, 5),
            "C library, blosc 5": lambda: c_blosc_peer(path, chunks, 5),
        }[name]()
    mode = "r" if workload in SLICES else None
    return {
        "h5py": lambda: h5py_peer(path, chunks),
        "h5py, contiguous": lambda: h5py_peer(path, None),
        "zarr-python": lambda: zarr_peer(path, chunks, compressors=None),
        "tensorstore": lambda: tensorstore_peer(path, chunks),
        "numpy": lambda: numpy_peer(path, mode),
    }[name]()


def whole(workload, name, elements, path, seconds):
    """Writes and reads a dataset."""
    write, read = peer_of(name, workload, path)
    with seconds.phase("write"):
        write(elements)
    with seconds.phase("read"):
        found = read(lambda dataset: dataset[:])
    return found.sum()


def slices(workload, name, elements, path, seconds):
    """Reads blocks of rows out of a dataset."""
    write, read = peer_of(name, workload, path)
    if not path.exists():
        write(elements)
    count, rows = SLICES[workload]
    starts = [n * 7919 % (len(elements) - rows) for n in range(count)]
    with seconds.phase("read"):
        found = read(lambda dataset: [np.array(dataset[at : at + rows]) for at in starts])
    return sum(block.sum() for block in found)


def append(name, batch, path, seconds, batches):
    """Adds rows batch by batch, and reads all."""
    chunks = (65_536, 4)
    if name == "h5py":
        import h5py

        with seconds.phase("write"), h5py.File(path, "w") as file:
            rows = file.create_dataset("a", shape=(0, 4), maxshape=(None, 4), dtype="f4", chunks=chunks)
            for _ in range(batches):
                start = rows.shape[0]
                rows.resize(start + len(batch), axis=0)
                rows[start:] = batch
        _, read = h5py_peer(path, chunks)
    else:
        import zarr

        with seconds.phase("write"):
            rows = zarr.create_array(path, shape=(0, 4), dtype="f4", chunks=chunks, compressors=None)
            for _ in range(batches):
                rows.append(batch)
        _, read = zarr_peer(path, chunks)
    with seconds.phase("read"):
        found = read(lambda dataset: dataset[:])
    return found.sum(dtype=np.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices=[*CHUNKS, "append"])
    parser.add_argument("peer")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--batches", type=int, default=1)
    given = parser.parse_args()

    given.directory.mkdir(exist_ok=True)
    path = given.directory / ("a.npy" if given.peer == "numpy" else "a")
    seconds = Seconds()
    if given.workload == "append":
        batch = np.fromfile(given.data, dtype=np.float32).reshape(-1, 4)
        total = append(given.peer, batch, path, seconds, given.batches)
    else:
        elements = np.fromfile(given.data, dtype=np.float64).reshape(-1, 1024)
        if given.workload in SLICES:
            total = slices(given.workload, given.peer, elements, path, seconds)
        else:
            total = whole(given.workload, given.peer, elements, path, seconds)
    print(json.dumps({"seconds": seconds, "sum": float(total)}))


main()
