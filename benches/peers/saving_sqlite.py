#!/usr/bin/env python3
"""Saves hazard curves in SQLite: usage: saving_sqlite.py DATABASE VALUES LEVELS value|curve

VALUES is a file of float64, curve after curve of LEVELS each. Makes a row for each value or for each curve, in one
transaction, which is on the disk when it ends, and without an index: the best case. Prints the seconds.
"""

import array
import sqlite3
import sys
import time


def main():
    database, values_file, levels, rows = sys.argv[1:]
    levels = int(levels)
    values = array.array("d")
    with open(values_file, "rb") as file:
        values.frombytes(file.read())
    curves = [values[start:start + levels] for start in range(0, len(values), levels)]
    started = time.perf_counter()
    connection = sqlite3.connect(database)
    with connection:
        if rows == "value":
            connection.execute("CREATE TABLE hazard (curve INTEGER, level INTEGER, poe REAL)")
            cells = ((curve, level, poe) for curve, poes in enumerate(curves) for level, poe in enumerate(poes))
            connection.executemany("INSERT INTO hazard VALUES (?, ?, ?)", cells)
        else:
            connection.execute("CREATE TABLE hazard (curve INTEGER, poes BLOB)")
            cells = ((curve, poes.tobytes()) for curve, poes in enumerate(curves))
            connection.executemany("INSERT INTO hazard VALUES (?, ?)", cells)
    seconds = time.perf_counter() - started
    (count,) = connection.execute("SELECT count(*) FROM hazard").fetchone()
    assert count == (len(values) if rows == "value" else len(curves)), count
    print(seconds)


main()
