// Reads an exported HDF5 file with h5wasm (HDF5 2 as WebAssembly: what the web viewers stand on) and compares
// the values with a manifest (see oracle.py). Usage: h5wasm_read.mjs FILE MANIFEST
import { readFileSync } from "node:fs";

import { decoded, flat, load } from "./oracle.mjs";

const [file, manifest] = process.argv.slice(2);
const h5wasm = await load("h5wasm/dist/node/hdf5_hl.js");
await h5wasm.ready;

const report = { checked: 0, skipped: [], faults: [] };

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
