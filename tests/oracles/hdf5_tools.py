"""Runs h5dump and h5ls over an exported HDF5 file: both must succeed in silence and see every dataset.

The programs are those of $CALCSTORE_ORACLE_H5DUMP and $CALCSTORE_ORACLE_H5LS, else those on the path.
"""

import os
import subprocess

from hdf5_view import spilled_count
from oracle import Report, arguments


def output(report, program, *given):
    """What a tool prints; a fault where it fails or warns."""
    command = [os.environ.get(f"CALCSTORE_ORACLE_{program.upper()}", program), *map(str, given)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0 or done.stderr:
        report.fault("/", f"{' '.join(command)}: exit {done.returncode}, {done.stderr.strip()[:500]}")
    return done.stdout


def datasets(key, node, groups):
    """How many datasets a node is exported as: a table HDF5 has no compound for is one per column."""
    own = len(node.get("columns", ())) if key in groups else 1
    return own + spilled_count(node)


def main():
    path, nodes = arguments(__doc__, "file")
    report = Report()
    output(report, "h5dump", path)
    output(report, "h5ls", "-rv", path)
    contents = [line.split(maxsplit=1) for line in output(report, "h5dump", "-n", path).splitlines()]
    seen = sum(line[0] == "dataset" for line in contents if line)
    groups = {line[1] for line in contents if line and line[0] == "group"}
    expected = sum(datasets(key, node, groups) for key, node in nodes.items())
    report.checked = seen
    if seen != expected:
        report.fault("/", f"h5dump sees {seen} datasets, expected {expected}")
    report.finish()


main()
