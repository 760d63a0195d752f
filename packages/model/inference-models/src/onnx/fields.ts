/** Numbers of fields in the messages of onnx.proto (ONNX 1.19), as far as they are read or written here. */
export const modelFields = Object.freeze({
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  domain: 4,
  modelVersion: 5,
  graph: 7,
  opsetImport: 8,
  metadata: 14,
  trainingInfo: 20,
  functions: 25,
} as const);
export const opsetFields = Object.freeze({ domain: 1, version: 2 } as const);
export const metadataFields = Object.freeze({ key: 1, value: 2 } as const);
export const graphFields = Object.freeze({
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  sparseInitializer: 15,
} as const);
export const nodeFields = Object.freeze({
  input: 1,
  output: 2,
  name: 3,
  operator: 4,
  attribute: 5,
  domain: 7,
} as const);
export const attributeFields = Object.freeze({
  name: 1,
  float: 2,
  integer: 3,
  text: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  integers: 8,
  texts: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparseTensor: 22,
  sparseTensors: 23,
} as const);
export const sparseTensorFields = Object.freeze({ values: 1, indices: 2 } as const);
export const tensorFields = Object.freeze({
  dims: 1,
  elementType: 2,
  texts: 6,
  name: 8,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
} as const);
export const valueFields = Object.freeze({ name: 1, type: 2 } as const);
export const typeFields = Object.freeze({ tensor: 1, sequence: 4, optional: 9 } as const);
/** The fields that `TypeProto.Sequence` and `TypeProto.Optional` share. */
export const containerFields = Object.freeze({ element: 1 } as const);
export const tensorTypeFields = Object.freeze({ elementType: 1, shape: 2 } as const);
export const shapeFields = Object.freeze({ dimension: 1 } as const);
export const dimensionFields = Object.freeze({ value: 1, parameter: 2 } as const);
export const functionFields = Object.freeze({ name: 1, node: 7, domain: 10 } as const);
