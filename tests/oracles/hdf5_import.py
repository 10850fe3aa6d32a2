"""Compares an imported store with its HDF5 file: h5py reads the file, zarr-python the store.

    hdf5_import.py LIST

LIST is a JSON file: a list of [FILE, STORE, LEFT_OUT], where LEFT_OUT are the paths that the import named. Prints JSON, a
list of reports in the same order, `null` where h5py does not open a file: how many datasets there are that h5py reads
(`readable`), how many of them are there with equal values (`equal`), how many were left out and named (`named`), what is
wrong (`faults`), and the attributes that were compared (`attributes`).
"""

import json
import sys
import unicodedata

import h5py
import numpy as np
import zarr

NO_LABELS = b"This is a netCDF dimension but not a netCDF variable"
BOOKKEEPING = {
    "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "DIMENSION_LABELS",
    "calcstore", "calcstore_bytes", "calcstore_type", "calcstore_schema",
}
# Larger datasets are not read.
MOST = 50_000_000
FORBIDDEN = "/\\:"


def component(name):
    """The percent form of a name that cannot be part of a key, as key.rs says it."""
    nfc = unicodedata.normalize("NFC", name)
    device = nfc.split(".")[0].rstrip(" ").lower()
    devices = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in "123456789"}
    first = nfc.startswith("__") or set(nfc) == {"."} or device in devices
    bad = first or nfc != name or nfc[-1] in ". " or nfc == "zarr.json"
    if not bad and not any(c in FORBIDDEN or ord(c) < 32 or 127 <= ord(c) < 160 for c in nfc):
        return name
    out = ""
    for at, c in enumerate(nfc):
        reserved = (at == 0 and first) or (at == len(nfc) - 1 and c in ". ") or (nfc == "zarr.json" and c == ".")
        if reserved or c == "%" or c in FORBIDDEN or ord(c) < 32 or 127 <= ord(c) < 160:
            out += "".join(f"%{byte:02X}" for byte in c.encode())
        else:
            out += c
    return out


def fault(why):
    raise AssertionError(why)


def is_text(value):
    try:
        return value.decode() is not None
    except UnicodeDecodeError:
        return False


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def columns(array, dtype, name=""):
    """What a dataset becomes: arrays by the names of their members, which are empty for no compound."""
    if h5py.check_opaque_dtype(dtype) or (dtype.kind in "VmM" and not dtype.fields and not dtype.subdtype):
        raw = np.ascontiguousarray(array, dtype=dtype)
        yield name, np.frombuffer(raw.tobytes(), np.uint8).reshape(*np.shape(array), dtype.itemsize)
    elif h5py.check_string_dtype(dtype):
        if dtype.kind == "S" and any(not is_text(x) for x in np.asarray(array, dtype).ravel()):
            yield name, np.asarray(array, dtype)
            return
        flat = [text(x) if not isinstance(x, int) else "" for x in np.asarray(array, dtype=object).ravel()]
        yield name, np.array(flat, dtype=object).reshape(np.shape(array))
    elif h5py.check_ref_dtype(dtype) is h5py.Reference:
        yield name, np.vectorize(lambda r: ref(r), otypes=[object])(np.asarray(array, dtype=object))
    elif lists_of(dtype) is not None:
        yield name, None
    elif dtype.fields:
        for member in dtype.names:
            inner = dtype.fields[member][0]
            yield from columns(np.asarray(array)[member], inner, f"{name}.{member}" if name else member)
    elif dtype.subdtype:
        yield from columns(array, dtype.subdtype[0], name)
    else:
        yield name, np.asarray(array)


def ref(reference):
    if not reference:
        return ""
    return h5py.h5r.get_name(reference, FILE.id).decode()


def same(expected, found):
    found = np.asarray(found)
    if expected.dtype.kind == "S" and found.dtype == np.uint8:
        # Bytes that were written as text of a fixed length.
        if expected.ndim == 0:
            expected = np.frombuffer(expected.tobytes().rstrip(b"\0"), np.uint8)
        else:
            expected = np.frombuffer(expected.tobytes(), np.uint8).reshape(found.shape)
    if expected.shape != found.shape and expected.size + found.size > 0:
        fault(f"shape {found.shape} instead of {expected.shape}")
    if expected.dtype == object:
        if [str(x) for x in found.ravel()] != list(expected.ravel()):
            fault("other text")
        return
    wanted = expected.dtype.newbyteorder("=")
    if wanted.kind in "iu" and wanted.itemsize > found.dtype.itemsize and found.dtype.kind == wanted.kind:
        # Fewer bits are in use than an element has.
        wanted = found.dtype
    if wanted.kind == "S":
        return same(np.array([x.decode() for x in expected.ravel()], object).reshape(expected.shape), found)
    if wanted.kind in "fc" and found.dtype.itemsize < wanted.itemsize and wanted.itemsize <= 16 * (1 + (wanted.kind == "c")):
        found = found.astype(wanted)
    if wanted.kind == "f" and wanted.itemsize > 8:
        wanted = np.dtype("f8") if found.dtype.itemsize == 8 else wanted
    if wanted != found.dtype and not (wanted.kind == found.dtype.kind == "f"):
        fault(f"{found.dtype} instead of {wanted}")
    if not np.array_equal(expected.astype(found.dtype), found, equal_nan=wanted.kind in "fc"):
        fault("other values")


def lists_of(dtype):
    """What a dtype is a list of; nothing where it is none."""
    return None if h5py.check_string_dtype(dtype) else h5py.check_vlen_dtype(dtype)


def same_lists(value, base, count, values):
    """Counts, and the elements of all lists one after the other."""
    flat = np.asarray(value, dtype=object).ravel() if np.ndim(value) or np.asarray(value).dtype != object else [value[()]]
    lengths = np.array([len(x) for x in flat], "u4")
    same(lengths.reshape(np.shape(value)), count[...])
    whole = [np.asarray(x, base) for x in flat if len(x)]
    [(_, expected)] = columns(np.concatenate(whole) if whole else np.zeros(0, base), np.dtype(base))
    same(expected, values[...])
    if count.attrs["sample_dimension"] != values.metadata.dimension_names[0]:
        fault("another sample dimension")


def compare(dataset, value, node, root, key):
    base = lists_of(dataset.dtype)
    if isinstance(value, h5py.Empty):
        value = np.zeros((0,), dataset.dtype)
    if base is not None:
        if np.ndim(value) == 1 and dataset.shape == ():
            wrapped = np.empty((), object)
            wrapped[()] = value
            value = wrapped
        return same_lists(value, base, node["count"], node["values"])
    for member in dataset.dtype.names or ():
        inner = lists_of(dataset.dtype.fields[member][0])
        if inner is not None:
            lists = np.asarray(value)[member]
            same_lists(lists[None] if np.ndim(value) == 0 else lists, inner, node[component(member)],
                       root[f"{key}.{component(member)}"])
    made = [(name, array) for name, array in columns(value, dataset.dtype) if array is not None]
    scalar = np.ndim(value) == 0
    for name, expected in made:
        if name:
            column = node[component(name)]
            same(expected[None] if scalar else expected, column[...])
        else:
            if isinstance(node, zarr.Group):
                fault("a group instead of an array")
            same(expected, node[...])


def attribute(value, found):
    if isinstance(value, h5py.Empty):
        return found is None
    array = np.asarray(value)
    if array.size == 0:
        return found == array.tolist() or found == [] or isinstance(found, (list, dict))
    if array.dtype.kind == "S" and any(not is_text(x) for x in array.ravel()):
        return np.frombuffer(array.tobytes(), np.uint8).tolist() == np.array(found).ravel().tolist()
    if array.dtype == object and array.size and isinstance(array.ravel()[0], np.ndarray):
        return isinstance(found, list)
    if array.dtype.fields:
        return isinstance(found, (dict, list))
    if array.dtype.kind == "V":
        return list(array.tobytes()) == found
    if array.dtype.kind == "O" and array.size and isinstance(array.ravel()[0], h5py.h5r.Reference):
        return np.vectorize(ref, otypes=[object])(array).tolist() == found
    if array.dtype.kind in "SO":
        array = np.array([text(x) for x in array.ravel()], object).reshape(array.shape)
        return array.tolist() == found
    if array.dtype.kind == "c":
        found = np.array(found, "f8")
        return np.array_equal(np.stack([array.real, array.imag], -1), found.reshape(*array.shape, 2))
    named = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    flat = np.array(found, dtype=object).ravel()
    found = np.array([named.get(x, x) if isinstance(x, str) else x for x in flat], dtype=object).reshape(np.shape(found))
    if array.shape != found.shape and array.size:
        return False
    return np.array_equal(array, found.astype(array.dtype), equal_nan=array.dtype.kind == "f")


def attributes(item, node, path, left_out, faults):
    count = 0
    scale = item.attrs.get("CLASS") in (b"DIMENSION_SCALE", "DIMENSION_SCALE") if "CLASS" in item.attrs else False
    for name in item.attrs:
        if name in BOOKKEEPING or (scale and name in ("CLASS", "NAME")) or f"{path}@{name}" in left_out:
            continue
        try:
            value = item.attrs[name]
        except Exception:
            continue
        count += 1
        if name not in node.attrs:
            faults.append(f"{path}@{name}: is missing")
            continue
        try:
            if not attribute(value, node.attrs[name]):
                faults.append(f"{path}@{name}: {node.attrs[name]!r:.60} instead of {value!r:.60}")
        except Exception as error:
            faults.append(f"{path}@{name}: {error!r:.100}")
    return count


def main(file, store, left_out):
    global FILE
    FILE = h5py.File(file, "r")
    root = zarr.open(store, mode="r")
    report = {"readable": 0, "equal": 0, "named": 0, "attributes": 0, "whole": True, "faults": []}
    items = {"/": FILE}

    def visit(name, item):
        items["/" + name] = item

    try:
        FILE.visititems(visit)
    except RuntimeError:
        report["whole"] = False
    for path, item in items.items():
        key = "/".join(component(part) for part in path.split("/") if part)
        if not isinstance(item, h5py.Dataset):
            try:
                node = root[key] if key else root
                report["attributes"] += attributes(item, node, path, left_out, report["faults"])
            except KeyError:
                pass
            continue
        name = item.attrs.get("NAME", b"") if "NAME" in item.attrs else b""
        if (name if isinstance(name, bytes) else str(name).encode()).startswith(NO_LABELS):
            continue
        if item.size and item.size > MOST:
            # Sparse; what was written is looked at where it is known.
            continue
        try:
            value = item[()]
        except Exception:
            report["whole"] = False
            continue
        report["readable"] += 1
        try:
            node = root[key]
        except Exception:
            if any(left == path or left.startswith(path + "@") for left in left_out):
                report["named"] += 1
            else:
                report["faults"].append(f"{path}: is missing and was not named")
            continue
        try:
            compare(item, value, node, root, key)
            report["equal"] += 1
        except Exception as error:
            if any(left.startswith(path + ".") for left in left_out):
                report["named"] += 1
            else:
                report["faults"].append(f"{path}: {type(error).__name__} {error}")
        report["attributes"] += attributes(item, node, path, left_out, report["faults"])
    return report


def report(entry):
    try:
        return main(*entry)
    except OSError:
        return None


FILE = None
if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as entries:
        print(json.dumps([report(entry) for entry in json.load(entries)]))
