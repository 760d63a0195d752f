import { fieldNodes, group, hexField, node, numberField, readNumber, sizeOf, type ExplainNode } from './nodes.ts';
import { certificationNodes } from './certification.ts';
import { quoteBodies, quoteHeader, sgxReport } from './quote-fields.ts';

const headerBytes = sizeOf(quoteHeader);
const tdxType = 0x81;

const authentication = [
  hexField('signature', 64, 'of header and body, by the attestation key: r, then s'),
  hexField('attestation key', 64, 'x, then y'),
];
const qeSignature = [hexField('signature', 64, 'of the report of the quoting enclave, by the PCK: r, then s')];
const certification = [
  numberField('certification data type', 2, (type) => certificationTypes[type] ?? 'not a type that there is'),
  numberField('certification data size', 4),
];
const certificationTypes: Readonly<Record<number, string>> = {
  1: 'PPID in plain: the PCK certificate has to be looked up',
  2: 'PPID, encrypted with RSA-2048: the PCK certificate has to be looked up',
  3: 'PPID, encrypted with RSA-3072: the PCK certificate has to be looked up',
  4: 'PCK certificate alone',
  5: 'PCK certificate chain',
  6: 'report of the quoting enclave, with its own certification data',
};

/** `TDX quote, version 4`, as far as the header is there. */
export function quoteTitle(bytes: Uint8Array): string {
  const tee = bytes.length < 8 || readNumber(bytes.subarray(4, 8)) !== tdxType ? 'SGX' : 'TDX';
  return `${bytes.length < 8 ? 'Beginning of a quote' : `${tee} quote`}, version ${readNumber(bytes.subarray(0, 2))}`;
}

/** Every field of a quote with its offset, as far as there are bytes. */
export function quoteNodes(bytes: Uint8Array): readonly ExplainNode[] {
  const header = group('header', fieldNodes(bytes, 0, quoteHeader));
  if (bytes.length < headerBytes) return [header];
  const version = readNumber(bytes.subarray(0, 2));
  const descriptor = version === 5 ? fieldNodes(bytes, headerBytes, descriptorFields) : [];
  const bodyStart = headerBytes + (version === 5 ? sizeOf(descriptorFields) : 0);
  const body = quoteBodies[bodyTypeOf(bytes, version)];
  if (body === undefined || bytes.length <= bodyStart) {
    return [header, ...descriptor, node('body', 'of an unknown type', 'what follows cannot be told apart')];
  }
  const bodyNode = group(body.title, fieldNodes(bytes, bodyStart, body.fields), 'what the quote is about');
  const end = bodyStart + sizeOf(body.fields);
  return bytes.length < end
    ? [header, ...descriptor, bodyNode]
    : [header, ...descriptor, bodyNode, ...signatureNodes(bytes, end, version)];
}

const descriptorFields = [
  numberField('body type', 2, (type) => quoteBodies[type]?.title ?? 'not a type that there is'),
  numberField('body size', 4),
];

function bodyTypeOf(bytes: Uint8Array, version: number): number {
  if (version === 5) return readNumber(bytes.subarray(headerBytes, headerBytes + 2));
  return version === 4 && readNumber(bytes.subarray(4, 8)) === tdxType ? 2 : 1;
}

function signatureNodes(bytes: Uint8Array, start: number, version: number): readonly ExplainNode[] {
  const size = fieldNodes(bytes, start, [numberField('signature data size', 4)]);
  const from = start + 4;
  const children = [...fieldNodes(bytes, from, authentication)];
  let at = from + sizeOf(authentication);
  if (version !== 3) {
    children.push(...fieldNodes(bytes, at, certification));
    at += sizeOf(certification);
  }
  return [...size, group('signature', bytes.length < at ? children : [...children, ...quotingEnclaveNodes(bytes, at)])];
}

function quotingEnclaveNodes(bytes: Uint8Array, start: number): readonly ExplainNode[] {
  const report = fieldNodes(bytes, start, sgxReport);
  const signatureStart = start + sizeOf(sgxReport);
  const nodes = [
    group(
      'quoting enclave',
      report,
      'the enclave that made the quote; its report data vouches for the attestation key',
    ),
  ];
  if (bytes.length < signatureStart) return nodes;
  nodes.push(...fieldNodes(bytes, signatureStart, qeSignature));
  const sizeStart = signatureStart + sizeOf(qeSignature);
  if (bytes.length < sizeStart + 2) return [...nodes, node('cut off', 'the authentication data is missing')];
  const authBytes = readNumber(bytes.subarray(sizeStart, sizeStart + 2));
  const rest = [
    numberField('authentication data size', 2),
    hexField('authentication data', authBytes),
    ...certification,
  ];
  nodes.push(...fieldNodes(bytes, sizeStart, rest));
  const dataStart = sizeStart + sizeOf(rest);
  if (bytes.length < dataStart) return nodes;
  const [typeStart, sizeOfDataStart] = [dataStart - 6, dataStart - 4];
  const type = readNumber(bytes.subarray(typeStart, sizeOfDataStart));
  const size = readNumber(bytes.subarray(sizeOfDataStart, dataStart));
  return [...nodes, ...certificationNodes(bytes.subarray(dataStart, dataStart + size), dataStart, { type, size })];
}
