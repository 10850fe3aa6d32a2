// Reads every dataset of an exported HDF5 file with h5wasm and jsfive and compares it with a manifest (see oracle.py). What a
// reader cannot read is in LIMITS, and then must be unreadable: when a new version reads more, this fails, and the table
// becomes shorter. Usage: hdf5_readers.mjs FILE MANIFEST
import { readFileSync } from "node:fs";

import { decoded, flat, load } from "./oracle.mjs";

const [file, manifest] = process.argv.slice(2);
const h5wasm = await load("h5wasm/dist/node/hdf5_hl.js");
const jsfive = await load("jsfive/dist/esm/index.mjs");
await h5wasm.ready;

const LIMITS = {
  h5wasm: () => null,
  jsfive: (key, node) => {
    if (node.shape.includes(0)) return null;
    if (node.data_type.startsWith("complex")) return "compounds";
    if (node.data_type.endsWith("int64")) return "integers beyond 2^53";
    if (key.includes("/sparse")) return "a chunk that was never written";
    return null;
  },
};

function difference(dataset, node) {
  const shape = JSON.stringify(Array.from(dataset.shape, Number));
  if (shape !== JSON.stringify(node.shape)) return `shape ${shape}`;
  const [actual, expected] = [flat(dataset.value), decoded(node)];
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  const plain = (element) => (typeof element === "boolean" ? Number(element) : element);
  const wrong = actual.findIndex((element, i) => !Object.is(plain(element), expected[i]));
  return wrong < 0 ? null : `element ${wrong} is ${actual[wrong]}, expected ${expected[wrong]}`;
}

const bytes = readFileSync(file);
const opened = {
  h5wasm: new h5wasm.File(file, "r"),
  jsfive: new jsfive.File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), file),
};
const report = { checked: 0, skipped: [], faults: [] };
for (const [reader, limit] of Object.entries(LIMITS)) {
  for (const [key, node] of Object.entries(JSON.parse(readFileSync(manifest, "utf8")).nodes)) {
    if (node.kind !== "dataset") continue;
    report.checked += 1;
    let wrong;
    try {
      wrong = difference(opened[reader].get(key), node);
    } catch (error) {
      wrong = String(error);
    }
    const why = limit(key, node);
    if (why !== null && wrong !== null) report.skipped.push({ key, why: `${reader}: ${why}` });
    else if (why !== null) report.faults.push({ key, what: `${reader} reads it now: ${why}` });
    else if (wrong !== null) report.faults.push({ key, what: `${reader}: ${wrong}` });
  }
}
console.log(JSON.stringify(report, null, 1));
process.exitCode = report.faults.length > 0 ? 1 : 0;
