/** The datatypes of the Open Inference Protocol, and BF16, which Triton adds. */
export type Datatype =
  | 'BOOL'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'FP16'
  | 'BF16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

const sizes: ReadonlyMap<string, number> = new Map<Datatype, number>([
  ['BOOL', 1],
  ['INT8', 1],
  ['INT16', 2],
  ['INT32', 4],
  ['INT64', 8],
  ['UINT8', 1],
  ['UINT16', 2],
  ['UINT32', 4],
  ['UINT64', 8],
  ['FP16', 2],
  ['BF16', 2],
  ['FP32', 4],
  ['FP64', 8],
  ['BYTES', 0],
]);

/** Every datatype, in the order of the specification. */
export const datatypes: readonly Datatype[] = Object.freeze([...sizes.keys()].filter(isDatatype));

export function isDatatype(name: string): name is Datatype {
  return sizes.has(name);
}

/** Bytes of one element; 0 for BYTES, whose elements each have their own length. */
export function elementSize(datatype: Datatype): number {
  return sizes.get(datatype) ?? 0;
}
