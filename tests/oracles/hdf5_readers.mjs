// Reads every dataset of an exported HDF5 file with h5wasm and jsfive and compares it with a manifest (see oracle.py). What a
// reader cannot read is in LIMITS, and then must be unreadable: when a new version reads more, this fails, and the table
// becomes shorter. Usage: hdf5_readers.mjs FILE MANIFEST
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [file, manifest] = process.argv.slice(2);
const modules = process.env.CALCSTORE_ORACLE_NODE_MODULES;
const load = (path) => import(pathToFileURL(join(modules, path)));
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

function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const ELEMENT = {
  bool: [1, (view, at) => view.getUint8(at)],
  int8: [1, (view, at) => view.getInt8(at)],
  uint8: [1, (view, at) => view.getUint8(at)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  uint16: [2, (view, at) => view.getUint16(at, true)],
  int32: [4, (view, at) => view.getInt32(at, true)],
  uint32: [4, (view, at) => view.getUint32(at, true)],
  int64: [8, (view, at) => view.getBigInt64(at, true)],
  uint64: [8, (view, at) => view.getBigUint64(at, true)],
  float16: [2, (view, at) => halfToNumber(view.getUint16(at, true))],
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float64: [8, (view, at) => view.getFloat64(at, true)],
};
ELEMENT.complex64 = ELEMENT.float32;
ELEMENT.complex128 = ELEMENT.float64;

function decoded(array) {
  if (array.data_type === "string") return array.strings;
  const bytes = Buffer.from(array.hex, "hex");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [size, element] = ELEMENT[array.data_type];
  return Array.from({ length: bytes.length / size }, (_, i) => element(view, i * size));
}

function flat(value) {
  return Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value).flatMap(flat) : [value];
}

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
