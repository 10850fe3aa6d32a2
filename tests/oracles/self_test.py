"""Tests the oracle programs: each passes what agrees with its manifest and finds planted differences.

Runs on what set-up found (the environment variables CALCSTORE_ORACLE_*). Walk.java takes no manifest and is
not tested here.
"""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from fixture import manifest, write_file, write_store

HERE = pathlib.Path(__file__).parent
PYTHON, NODE, H5DUMP = (os.environ.get(f"CALCSTORE_ORACLE_{name}") for name in ("PYTHON", "NODE", "H5DUMP"))

# Makes the manifest differ from what was written, in the node of that key.
CHANGES = {
    "/bool": lambda n: n.update(hex="0101"),
    "/bytes": lambda n: n.update(hex="00ff11"),
    "/complex": lambda n: n.update(hex=n["hex"][:-2] + "00"),
    "/deep/er/int": lambda n: n.update(data_type="uint64"),
    "/empty": lambda n: n.update(shape=[3, 0]),
    "/group": lambda n: n["attributes"].update(more=[]),
    "/half": lambda n: n.update(hex="003f" + n["hex"][4:]),
    "/named": lambda n: n["columns"]["name"]["strings"].__setitem__(2, "o"),
    "/nan": lambda n: n.update(hex=n["hex"].replace("efbe", "efbf")),
    "/object": lambda n: n["json"].update(a=[1, None, "e"]),
    "/plain": lambda n: n["columns"]["rank"].update(hex="0709"),
    "/scalar": lambda n: n.update(data_type="int64"),
    "/table": lambda n: n["columns"]["id"].update(hex="000001000300"),
    "/text": lambda n: n["strings"].__setitem__(3, "日"),
    "/uint": lambda n: n["attributes"].update(on=1),
}
ATTRIBUTES = {"/group", "/uint"}
STRINGS = {"/named", "/text"}
ABSENT, ADDED = "/extra", "/more"

# Program, its interpreter, what it reads, and the differences it cannot see.
PROGRAMS = [
    ("zarr_python.py", PYTHON, "store", set()),
    ("tensorstore_read.py", PYTHON, "store", ATTRIBUTES | STRINGS | {"/object", ABSENT}),
    ("xarray_tree.py", PYTHON, "store", ATTRIBUTES | {"/object"}),
    ("h5py_read.py", PYTHON, "file", set()),
    ("pyfive_read.py", PYTHON, "file", ATTRIBUTES | {"/named", "/table", ABSENT}),
    ("h5wasm_read.mjs", NODE, "file", ATTRIBUTES | {ABSENT}),
    ("hdf5_tools.py", H5DUMP and PYTHON, "file", CHANGES.keys() | {ABSENT, ADDED}),
]


def faults(program, interpreter, read, nodes, where):
    """The keys in which a program finds faults, with what it says; its exit code must agree."""
    path = where / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}), "utf-8")
    done = subprocess.run(
        [interpreter, HERE / program, read, path], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1) and not done.stderr, f"{program}: {done.stderr}"
    found = {fault["key"]: fault["what"] for fault in json.loads(done.stdout)["faults"]}
    assert (done.returncode == 1) == bool(found), f"{program}: exit {done.returncode} with {found}"
    return found


def planted(nodes):
    """A manifest that differs in every node of CHANGES, lacks one node and has one too many."""
    altered = copy.deepcopy(nodes)
    for key, change in CHANGES.items():
        change(altered[key])
    del altered[ABSENT]
    altered[ADDED] = {"kind": "dataset", "data_type": "bool", "shape": [], "hex": "00"}
    return altered


def main():
    nodes, wrong = manifest(), []
    with tempfile.TemporaryDirectory() as directory:
        where = pathlib.Path(directory)
        reads = {"store": where / "output.zarr", "file": where / "output.hdf5"}
        write_store(reads["store"], nodes)
        write_file(reads["file"], nodes)
        for program, interpreter, read, blind in PROGRAMS:
            if not interpreter:
                continue
            if found := faults(program, interpreter, reads[read], nodes, where):
                wrong.append(f"{program} finds faults where there are none: {found}")
            found = faults(program, interpreter, reads[read], planted(nodes), where)
            node_of = {key: key if key in nodes | {ADDED: 0} else key.rpartition("/")[0] for key in found}
            expected = (CHANGES.keys() | {ABSENT, ADDED}) - blind
            for key in expected ^ set(node_of.values()):
                wrong.append(f"{program}: {'missed the difference' if key in expected else 'fault'} in {key}")
        if H5DUMP and not faults(
            "hdf5_tools.py", PYTHON, reads["file"], nodes | {ADDED: {"kind": "object"}}, where
        ):
            wrong.append("hdf5_tools.py: missed a dataset too many")
    print("\n".join(wrong) or "oracle programs: every planted difference found")
    sys.exit(1 if wrong else 0)


main()
