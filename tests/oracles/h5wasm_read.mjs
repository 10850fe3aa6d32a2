// Reads an exported HDF5 file with h5wasm (HDF5 2 as WebAssembly: what the web viewers stand on) and compares
// the values with a manifest (see oracle.py). Usage: h5wasm_read.mjs FILE MANIFEST The modules are in
// $CALCSTORE_ORACLE_NODE_MODULES: import looks in no other directory than those above this file.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [file, manifest] = process.argv.slice(2);
const library = join(process.env.CALCSTORE_ORACLE_NODE_MODULES, "h5wasm/dist/node/hdf5_hl.js");
const h5wasm = await import(pathToFileURL(library));
await h5wasm.ready;

const report = { checked: 0, skipped: [], faults: [] };

// Half precision is exported as float32.
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
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

// The manifest's ARRAY as a flat list; complex numbers as two elements.
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

// How a flat value differs from the manifest's ARRAY; null: not at all. Numbers are compared, with -0 unlike
// 0; where the reader gives their bytes (it has a typed array), also the payload of a NaN.
function difference(value, array) {
  const actual = flat(value);
  const expected = decoded(array);
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  const wrong = actual.findIndex((element, i) => !Object.is(element, expected[i]));
  if (wrong >= 0) return `element ${wrong} is ${actual[wrong]}, expected ${expected[wrong]}`;
  if (!ArrayBuffer.isView(value) || array.data_type === "float16") return null;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return bytes.toString("hex") === array.hex ? null : "the bits of a NaN differ";
}

function shapeDifference(shape, expected) {
  const actual = JSON.stringify(Array.from(shape, Number));
  return actual === JSON.stringify(expected) ? null : `shape ${actual}, expected ${JSON.stringify(expected)}`;
}

// JSON with sorted keys, so that equal values give equal text.
function canonical(value) {
  const sorted = (_, v) =>
    v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v;
  return JSON.stringify(value, sorted);
}

function tableDifference(dataset, node) {
  const names = dataset.metadata.compound_type.members.map((member) => member.name);
  if (canonical([...names].sort()) !== canonical(Object.keys(node.columns).sort())) return `columns ${names}`;
  const rows = dataset.value;
  const wrong = names.map((name, i) => difference(rows.map((row) => row[i]), node.columns[name]));
  return wrong.find((what) => what !== null) ?? shapeDifference(dataset.shape, [node.rows]);
}

function nodeDifference(object, node) {
  const type = node.kind === "group" ? h5wasm.Group : h5wasm.Dataset;
  if (!(object instanceof type)) return `is a ${object?.constructor.name}, expected a ${node.kind}`;
  if (node.kind === "group") return null;
  if (node.kind === "table") return tableDifference(object, node);
  if (node.kind === "object") {
    const same = canonical(JSON.parse(object.value)) === canonical(node.json);
    return same ? null : `holds ${object.value}, expected ${canonical(node.json)}`;
  }
  const bytes = { data_type: "uint8", shape: [node.hex?.length / 2], hex: node.hex };
  const array = node.kind === "bytes" ? bytes : node;
  return shapeDifference(object.shape, array.shape) ?? difference(object.value, array);
}

const opened = new h5wasm.File(file, "r");
for (const [key, node] of Object.entries(JSON.parse(readFileSync(manifest, "utf8")).nodes)) {
  report.checked += 1;
  try {
    const what = nodeDifference(opened.get(key), node);
    if (what !== null) report.faults.push({ key, what });
  } catch (error) {
    report.faults.push({ key, what: String(error) });
  }
}
opened.close();
console.log(JSON.stringify(report, null, 1));
process.exitCode = report.faults.length > 0 ? 1 : 0;
