"""The workloads of peers.py that have one large array."""

import os

import numpy as np

# Rows of a chunk.
CHUNKS = {"big": 128, "small-chunks": 8, "packed": 128, "slices": 128, "blocks": 128, "rows": 8, "durable-value": None}


def h5py_peer(path, chunks, fsync=False, **settings):
    import h5py

    def write(data):
        with h5py.File(path, "w") as file:
            file.create_dataset("a", data=data, chunks=chunks, **settings)
        if fsync:
            flush(path)

    def read(take):
        with h5py.File(path, "r") as file:
            return take(file["a"])

    return write, read


def zarr_peer(path, chunks, checksums=False, **settings):
    import zarr

    if checksums:
        settings["serializer"] = zarr.codecs.BytesCodec()
        settings["compressors"] = [zarr.codecs.Crc32cCodec()]

    def write(data):
        array = zarr.create_array(path, shape=data.shape, dtype=data.dtype, chunks=chunks, **settings)
        array[:] = data

    return write, lambda take: take(zarr.open_array(path, mode="r"))


def zarr_blosc_peer(path, chunks, level):
    from zarr.codecs import BloscCodec

    return zarr_peer(path, chunks, compressors=BloscCodec(cname="zstd", clevel=level, shuffle="shuffle"))


def tensorstore_peer(path, chunks, level=None, checksums=False):
    import tensorstore

    files = {"driver": "file", "path": f"{path}/", "file_io_sync": False}
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    if level is not None:
        blosc = {"cname": "zstd", "clevel": level, "shuffle": "shuffle", "typesize": 8, "blocksize": 0}
        codecs.append({"name": "blosc", "configuration": blosc})
    if checksums:
        codecs.append({"name": "crc32c"})

    def write(data):
        grid = {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}
        metadata = {"shape": list(data.shape), "data_type": "float64", "codecs": codecs, "chunk_grid": grid}
        spec = {"driver": "zarr3", "kvstore": files, "metadata": metadata}
        tensorstore.open(spec, create=True).result().write(data).result()

    class Selected:
        def __init__(self, array):
            self.array = array

        def __getitem__(self, selection):
            return self.array[selection].read().result()

    return write, lambda take: take(Selected(tensorstore.open({"driver": "zarr3", "kvstore": files}).result()))


def numpy_peer(path, mmap_mode=None, fsync=False):
    path = path.with_suffix(".npy")

    def write(data):
        np.save(path, data)
        if fsync:
            flush(path)

    return write, lambda take: take(np.load(path, mmap_mode=mmap_mode))


def c_blosc_peer(path, chunks, level):
    import numcodecs

    codec = numcodecs.Blosc(cname="zstd", clevel=level, shuffle=numcodecs.Blosc.SHUFFLE)

    def write(data):
        frames = [codec.encode(data[row : row + chunks[0]]) for row in range(0, len(data), chunks[0])]
        path.write_bytes(b"".join(frames))
        write.frames = frames

    def read(take):
        parts = [np.frombuffer(codec.decode(frame), dtype=np.float64) for frame in write.frames]
        return take(np.concatenate(parts))

    return write, read


def flush(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def peer_of(party, workload, path):
    chunks = CHUNKS[workload] and (CHUNKS[workload], 1024)
    return {
        "h5py": lambda: h5py_peer(path, chunks),
        "h5py, contiguous": lambda: h5py_peer(path, None),
        "h5py, fsync": lambda: h5py_peer(path, None, fsync=True),
        "h5py, gzip 4": lambda: h5py_peer(path, chunks, compression="gzip", compression_opts=4, shuffle=True),
        "zarr-python": lambda: zarr_peer(path, chunks, compressors=None),
        "zarr-python, crc32c": lambda: zarr_peer(path, chunks, checksums=True),
        "zarr-python, zstd": lambda: zarr_peer(path, chunks),
        "zarr-python, blosc 3": lambda: zarr_blosc_peer(path, chunks, 3),
        "zarr-python, blosc 5": lambda: zarr_blosc_peer(path, chunks, 5),
        "tensorstore": lambda: tensorstore_peer(path, chunks),
        "tensorstore, crc32c": lambda: tensorstore_peer(path, chunks, checksums=True),
        "tensorstore, blosc 5": lambda: tensorstore_peer(path, chunks, 5),
        "limit: C library, blosc 5": lambda: c_blosc_peer(path, chunks, 5),
        "numpy": lambda: numpy_peer(path),
        "numpy, fsync": lambda: numpy_peer(path, fsync=True),
        "numpy memmap": lambda: numpy_peer(path, "r"),
    }[party]()


def whole(workload, party, place, given, seconds):
    """Writes and reads an array."""
    write, read = peer_of(party, workload, place / "a")
    data = np.fromfile(given / "elements").reshape(-1, 1024)
    with seconds.phase("write"):
        write(data)
    if workload == "durable-value":
        return None
    with seconds.phase("read"):
        found = read(lambda array: array[:])
    return found.sum()


def slices(workload, party, place, given, seconds):
    """Reads blocks of rows out of an array, which is made in the first round."""
    is_made = any(place.iterdir())
    write, read = peer_of(party, workload, place / "a")
    data = np.fromfile(given / "elements").reshape(-1, 1024)
    if not is_made:
        write(data)
    count, rows, step = {"slices": (1000, 100, 1), "blocks": (250, 512, 128), "rows": (10_000, 1, 1)}[workload]
    count = max(count * len(data) // 131_072, 50)
    last = (len(data) - rows) // step
    starts = [n * 7919 % last * step for n in range(count)]
    with seconds.phase("read"):
        found = read(lambda array: [np.array(array[at : at + rows]) for at in starts])
    return sum(block.sum() for block in found)


def append(party, place, given, count, seconds):
    """Adds rows batch by batch, and reads all."""
    batch = np.fromfile(given / "batch", dtype=np.float32).reshape(-1, 4)
    path, chunks = place / "a", (65_536, 4)
    if party == "h5py":
        import h5py

        with seconds.phase("write"), h5py.File(path, "w") as file:
            rows = file.create_dataset("a", shape=(0, 4), maxshape=(None, 4), dtype="f4", chunks=chunks)
            for _ in range(count):
                start = rows.shape[0]
                rows.resize(start + len(batch), axis=0)
                rows[start:] = batch
        _, read = h5py_peer(path, chunks)
    else:
        import zarr

        if party.endswith("batch"):
            chunks = (len(batch), 4)
        with seconds.phase("write"):
            rows = zarr.create_array(path, shape=(0, 4), dtype="f4", chunks=chunks, compressors=None)
            for _ in range(count):
                rows.append(batch)
        _, read = zarr_peer(path, chunks)
    with seconds.phase("read"):
        found = read(lambda array: array[:])
    return found.sum(dtype=np.float64)
