// What a .tflite file says of itself, and the same file without PosenetDecoderOp, which LiteRT.js
// lacks: the decoder here does its work.
//
// The fields are those of TensorFlow Lite's schema.fbs, laid out as in
// https://flatbuffers.dev/internals/.
import {PoseNetError} from '../errors.js';

const DECODER_OP = 'PosenetDecoderOp';
const EDGETPU_OP = 'edgetpu-custom-op';
const CUSTOM = 32;  // the number of an operator that is not TensorFlow Lite's own
const TYPES = {0: 'float32', 3: 'uint8', 9: 'int8'};  // those that images and maps have
// Numbers of fields.
const MODEL = {CODES: 1, GRAPHS: 2, SIGNATURES: 7};
const CODE = {BYTE: 0, CUSTOM: 1, NUMBER: 3};
const GRAPH = {TENSORS: 0, INPUTS: 1, OUTPUTS: 2, OPERATORS: 3};
const TENSOR = {SHAPE: 0, TYPE: 1, NAME: 3, QUANTIZATION: 4};
const QUANTIZATION = {SCALE: 2, ZERO_POINT: 3};
const OPERATOR = {CODE: 0, INPUTS: 1, OUTPUTS: 2};

/**
 * Reads a model file.
 *
 * bytes: the file, an ArrayBuffer, which is changed: where it has PosenetDecoderOp, the op's inputs
 *     become the network's outputs, and it has no signatures.
 * Returns {inputs, outputs}: tensors as {name, shape, type, scale, zeroPoint}.
 * Throws a PoseNetError with the code 'bad-model'.
 */
export function readModel(bytes) {
  checkKind(bytes);
  try {
    return readGraph(new Reader(bytes));
  } catch (error) {
    if (error instanceof RangeError) throw bad('the model file is damaged');
    throw error;
  }
}

function bad(message) {
  return new PoseNetError('bad-model', message);
}

function checkKind(bytes) {
  const begin = new TextDecoder('latin1').decode(new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 200)));
  if (begin.slice(4, 8) === 'TFL3') return;
  if (bytes.byteLength === 0) throw bad('the model file is empty');
  if (begin.startsWith('version https://git-lfs')) {
    throw bad('the model file is a Git LFS pointer, not the model: download the file itself');
  }
  if (/^\s*</.test(begin)) throw bad('the model file is a web page: is its address right?');
  throw bad('this is no TensorFlow Lite model (.tflite)');
}

function readGraph(reader) {
  const graphs = reader.tables(reader.root, MODEL.GRAPHS);
  if (graphs.length === 0) throw bad('the model file has no network');
  const graph = graphs[0];
  removeDecoder(reader, graph);
  reader.shorten(reader.root, MODEL.SIGNATURES, []);  // they may give the outputs another order
  const tensors = reader.tables(graph, GRAPH.TENSORS);
  const named = field => reader.numbers(graph, field).map(index => {
    if (index >= tensors.length) throw new RangeError();
    return readTensor(reader, tensors[index]);
  });
  return {inputs: named(GRAPH.INPUTS), outputs: named(GRAPH.OUTPUTS)};
}

/** Takes PosenetDecoderOp out of a graph, in place. */
function removeDecoder(reader, graph) {
  const codes = reader.tables(reader.root, MODEL.CODES);
  const operators = reader.tables(graph, GRAPH.OPERATORS);
  const custom = operators.map(operator => customName(reader, codes, operator));
  const other = custom.find(name => name !== '' && name !== DECODER_OP);
  if (other === EDGETPU_OP) {
    throw bad('the model is built for the Edge TPU: use the file without _edgetpu in its name');
  }
  if (other) throw bad(`the model needs the operator ${other}, which does not run in browsers`);
  const place = custom.indexOf(DECODER_OP);
  if (place < 0) return;
  const made = new Set(reader.numbers(operators[place], OPERATOR.OUTPUTS));
  const outputs = reader.numbers(graph, GRAPH.OUTPUTS).filter(index => !made.has(index))
      .concat(reader.numbers(operators[place], OPERATOR.INPUTS));
  if (place !== operators.length - 1 || !reader.shorten(graph, GRAPH.OUTPUTS, outputs)) {
    throw bad(`the model does not end in ${DECODER_OP}: use a file without the op`);
  }
  reader.shorten(graph, GRAPH.OPERATORS, operators.slice(0, -1), null);
}

function customName(reader, codes, operator) {
  const field = reader.field(operator, OPERATOR.CODE);
  const code = codes[field ? reader.view.getUint32(field, true) : 0];
  if (code === undefined) throw new RangeError();
  const byte = reader.field(code, CODE.BYTE), number = reader.field(code, CODE.NUMBER);
  const builtin = Math.max(byte ? reader.view.getInt8(byte) : 0,
      number ? reader.view.getInt32(number, true) : 0);
  return builtin === CUSTOM ? reader.text(code, CODE.CUSTOM) || 'without a name' : '';
}

function readTensor(reader, tensor) {
  const type = reader.field(tensor, TENSOR.TYPE);
  const quantization = reader.child(tensor, TENSOR.QUANTIZATION);
  const [scale] = quantization ? reader.vector(quantization, QUANTIZATION.SCALE, 4) : [];
  const [zero] = quantization ? reader.vector(quantization, QUANTIZATION.ZERO_POINT, 8) : [];
  return {
    name: reader.text(tensor, TENSOR.NAME),
    shape: reader.numbers(tensor, TENSOR.SHAPE),
    type: TYPES[type ? reader.view.getInt8(type) : 0] ?? 'of another type',
    scale: scale ? reader.view.getFloat32(scale, true) : 0,
    zeroPoint: zero ? Number(reader.view.getBigInt64(zero, true)) : 0,
  };
}

/** Numbers, tables and vectors of a flatbuffer by their places; all throw RangeError. */
class Reader {
  constructor(bytes) {
    this.view = new DataView(bytes);
    this.root = this.view.getUint32(0, true);
  }

  /** The place of a table's field; 0 if it has none. */
  field(table, number) {
    const fields = table - this.view.getInt32(table, true);
    const offset = 4 + 2 * number < this.view.getUint16(fields, true) ?
        this.view.getUint16(fields + 4 + 2 * number, true) : 0;
    return offset && table + offset;
  }

  /** The table that a field leads to; 0 if there is none. */
  child(table, number) {
    const field = this.field(table, number);
    return field && field + this.view.getUint32(field, true);
  }

  /** The places of a vector's items, all of them inside the file. */
  vector(table, number, size) {
    const start = this.child(table, number);
    if (!start) return [];
    const count = this.view.getUint32(start, true);
    if (start + 4 + count * size > this.view.byteLength) throw new RangeError();
    return Array.from({length: count}, (_, i) => start + 4 + i * size);
  }

  tables(table, number) {
    return this.vector(table, number, 4).map(place => place + this.view.getUint32(place, true));
  }

  numbers(table, number) {
    return this.vector(table, number, 4).map(place => this.view.getInt32(place, true));
  }

  text(table, number) {
    const places = this.vector(table, number, 1);
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, places[0] ?? 0, places.length));
  }

  /**
   * Replaces a vector of 4-byte items by fewer, in place; numbers: null to keep the first ones.
   * Returns whether there was room.
   */
  shorten(table, number, items, numbers = items) {
    const places = this.vector(table, number, 4);
    if (items.length > places.length) return false;
    if (places.length) this.view.setUint32(places[0] - 4, items.length, true);
    numbers?.forEach((item, i) => this.view.setInt32(places[i], item, true));
    return true;
  }
}
