// What the readers in JavaScript share: the values of a manifest (see oracle.py), and where their modules are.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// Imports a module from $CALCSTORE_ORACLE_NODE_MODULES: import looks in no other directory than those above this file.
export const load = (path) => import(pathToFileURL(join(process.env.CALCSTORE_ORACLE_NODE_MODULES, path)));

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
export function decoded(array) {
  if (array.data_type === "string") return array.strings;
  const bytes = Buffer.from(array.hex, "hex");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [size, element] = ELEMENT[array.data_type];
  return Array.from({ length: bytes.length / size }, (_, i) => element(view, i * size));
}

export function flat(value) {
  return Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value).flatMap(flat) : [value];
}
