"""Runs a program for WASI preview 1 in wasmtime: wasi.py PROGRAM [ARGUMENT...]; all that it sees is the current directory."""

import os
import sys

import wasmtime

engine = wasmtime.Engine()
store = wasmtime.Store(engine)
wasi = wasmtime.WasiConfig()
wasi.argv = sys.argv[1:]
wasi.env = [("CALCSTORE_LOCKS", "best-effort"), ("OQ_DATADIR", os.environ.get("OQ_DATADIR", "data"))]
wasi.preopen_dir(".", ".")
wasi.inherit_stdout()
wasi.inherit_stderr()
store.set_wasi(wasi)
linker = wasmtime.Linker(engine)
linker.define_wasi()
program = linker.instantiate(store, wasmtime.Module.from_file(engine, sys.argv[1]))
try:
    program.exports(store)["_start"](store)
except wasmtime.ExitTrap as end:
    sys.exit(end.code)
