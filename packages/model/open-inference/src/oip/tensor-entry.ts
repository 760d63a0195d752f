import type { JsonByteScanner } from '../json/scanner.ts';
import { readTensorData } from '../json/tensor-data.ts';
import { tensorDataJson } from '../json/write-data.ts';
import { refuse } from '../refusal.ts';
import { checkTensor, countElements, fitsShape, refuseSize, refuseTensor } from '../tensors/check.ts';
import { isDatatype, type Datatype } from '../tensors/datatype.ts';
import type { ListedElements } from '../tensors/listed.ts';
import { maximumNameLength, type Tensor, type TensorFacts, type TensorLimits } from '../tensors/tensor.ts';
import type { BinarySection } from './message.ts';
import { noParameters, readParameters, readRequestParameters, sizeOf, type InferParameters } from './parameters.ts';

export interface EntrySource {
  readonly scanner: JsonByteScanner;
  readonly binary: BinarySection;
  readonly limits: TensorLimits;
  readonly listed: ListedElements;
  /** What the tensors have to be; empty when that is not known. */
  readonly expected: readonly TensorFacts[];
  /** Parameters of a request may ask for what is not supported. */
  readonly isRequest: boolean;
}

/** What the members of an entry said, in whatever order they came. */
interface Entry {
  name: string | undefined;
  datatype: Datatype | undefined;
  shape: readonly number[] | undefined;
  parameters: InferParameters;
  data: Uint8Array | undefined;
  /** Where data is that came before the shape or the datatype. */
  dataStart: number | undefined;
}

/** The tensors of `inputs` or `outputs`. Two of one name are refused. */
export function readTensors(source: EntrySource, at: string): readonly Tensor[] {
  const tensors: Tensor[] = [];
  const { scanner, limits } = source;
  scanner.items((index) => {
    if (index === limits.maxTensors) refuseSize(at, `has more than ${limits.maxTensors} tensors`, 'maxTensors');
    tensors.push(readTensor(source, `${at}[${index}]`));
  });
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) refuse(at, 'has two tensors of one name');
  return tensors;
}

function readTensor(source: EntrySource, at: string): Tensor {
  const entry = readMembers(source, at);
  const { name, datatype, shape, parameters } = entry;
  if (name === undefined || datatype === undefined || shape === undefined) {
    return refuse(at, 'lacks its name, its datatype or its shape');
  }
  const data = dataOf({ ...entry, name, datatype, shape }, source, {
    at,
    binarySize: sizeOf(parameters, 'binary_data_size', at),
  });
  const tensor = { name, datatype, shape, data };
  checkTensor(tensor, source.limits, at);
  return Object.freeze(tensor);
}

/** What has to be known of a tensor before its data is read. */
interface Head {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

function dataOf(
  { data, dataStart, ...head }: Entry & Head,
  source: EntrySource,
  { at, binarySize }: { readonly at: string; readonly binarySize: number | undefined },
): Uint8Array {
  const { scanner, binary, limits } = source;
  if (binarySize !== undefined) {
    if (data !== undefined || dataStart !== undefined) refuse(at, 'has its data both in JSON and in binary');
    if (binarySize > limits.maxBytes) refuseSize(at, `has more than ${limits.maxBytes} bytes`, 'maxBytes');
    return binary.take(binarySize, at);
  }
  if (data !== undefined) return data;
  if (dataStart === undefined) return refuse(at, 'lacks its data');
  const end = scanner.at;
  scanner.at = dataStart;
  const late = readListed(head, source, at);
  scanner.at = end;
  return late;
}

/** Data in JSON. What would be refused after it is refused before: reading a long list costs seconds. */
function readListed({ name, datatype, shape }: Head, source: EntrySource, at: string): Uint8Array {
  const { scanner, limits, listed, expected } = source;
  requireExpected({ name, datatype, shape }, expected, at);
  listed.add(countElements(shape, limits, at), at);
  return readTensorData(scanner, { datatype, shape }, { limits, at });
}

function requireExpected({ name, datatype, shape }: Head, expected: readonly TensorFacts[], at: string): void {
  if (expected.length === 0) return;
  const facts = expected.find((one) => one.name === name);
  if (facts === undefined) return refuseTensor(at, 'is not an input of the model');
  if (facts.datatype !== datatype) {
    refuseTensor(at, `has another datatype than the model takes, ${facts.datatype}`);
  }
  if (!fitsShape(shape, facts.shape)) {
    refuseTensor(at, `has another shape than the model takes, [${facts.shape.join(', ')}]`);
  }
}

function readMembers(source: EntrySource, at: string): Entry {
  const { scanner, limits, isRequest } = source;
  const readAll = isRequest ? readRequestParameters : readParameters;
  const entry: Entry = {
    name: undefined,
    datatype: undefined,
    shape: undefined,
    parameters: noParameters,
    data: undefined,
    dataStart: undefined,
  };
  scanner.members((member) => {
    if (member === 'name') entry.name = readName(scanner, at);
    else if (member === 'datatype') entry.datatype = readDatatype(scanner, at);
    else if (member === 'shape') entry.shape = readShape(scanner, limits, at);
    else if (member === 'parameters') entry.parameters = readAll(scanner, `${at}.parameters`);
    else if (member === 'data') readData(entry, source, at);
    else refuse(at, 'has a member that is not known');
  });
  return entry;
}

/** Data that comes before what describes it is passed over, and read when that is known: JSON has no order of members. */
function readData(entry: Entry, source: EntrySource, at: string): void {
  const { name, datatype, shape } = entry;
  const { scanner } = source;
  if (name !== undefined && datatype !== undefined && shape !== undefined) {
    entry.data = readListed({ name, datatype, shape }, source, at);
    return;
  }
  entry.dataStart = scanner.at;
  scanner.skip();
}

export function readName(scanner: JsonByteScanner, at: string): string {
  const name = scanner.string();
  if (name.length === 0 || name.length > maximumNameLength) {
    refuse(at, `needs a name of 1 to ${maximumNameLength} characters`);
  }
  return name;
}

function readDatatype(scanner: JsonByteScanner, at: string): Datatype {
  const name = scanner.string();
  return isDatatype(name) ? name : refuse(at, 'has an unknown datatype');
}

function readShape(scanner: JsonByteScanner, { maxDimensions }: TensorLimits, at: string): readonly number[] {
  const shape: number[] = [];
  scanner.items((index) => {
    if (index === maxDimensions) refuseSize(at, `has more than ${maxDimensions} dimensions`, 'maxDimensions');
    scanner.number();
    // A dimension of many digits is beyond any limit; sign and size are checked with the others. JSON has a -0.
    shape.push(scanner.isInteger ? scanner.approximation || 0 : Number.NaN);
  });
  return Object.freeze(shape);
}

/** A tensor as a member of `inputs` or `outputs`; in binary its data is left out. */
export function tensorJson(
  tensor: Tensor,
  { at, isBinary }: { readonly at: string; readonly isBinary: boolean },
): string {
  const { name, datatype, shape, data } = tensor;
  const parameters = isBinary ? { parameters: { binary_data_size: data.byteLength } } : {};
  const head = JSON.stringify({ name, shape, datatype, ...parameters });
  return isBinary ? head : `${head.slice(0, -1)},"data":${tensorDataJson(tensor, at)}}`;
}
