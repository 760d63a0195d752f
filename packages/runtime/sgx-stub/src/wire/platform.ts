import { MessageReader, refuse, type Message } from './messages.ts';

/** Instructions that only the platform can carry out. */
export const PlatformLeaf = Object.freeze({ EREPORT: 1, EGETKEY: 2 } as const);
export type PlatformLeaf = (typeof PlatformLeaf)[keyof typeof PlatformLeaf];

/** What a leaf answers: error codes of EGETKEY (SDM vol. 3D, table of error codes), or a general protection fault. */
export const LeafStatus = Object.freeze({
  SUCCESS: 0,
  INVALID_ATTRIBUTE: 2,
  INVALID_CPUSVN: 32,
  INVALID_ISVSVN: 64,
  INVALID_KEYNAME: 256,
  FAULT: 0xffff_ffff,
} as const);

const headerBytes = 8;
const bodies = {
  [PlatformLeaf.EREPORT]: { request: 512 + 64, answer: 432 },
  [PlatformLeaf.EGETKEY]: { request: 512, answer: 16 },
} as const;

/** What the stub asks of the platform. */
export type PlatformRequest =
  | {
      readonly leaf: typeof PlatformLeaf.EREPORT;
      /** TARGETINFO, 512 bytes. */
      readonly targetInfo: Uint8Array;
      /** REPORTDATA, 64 bytes. */
      readonly reportData: Uint8Array;
    }
  | {
      readonly leaf: typeof PlatformLeaf.EGETKEY;
      /** KEYREQUEST, 512 bytes. */
      readonly keyRequest: Uint8Array;
    };

export interface PlatformAnswer {
  /** One of {@link LeafStatus}. */
  readonly status: number;
  /** REPORT, 432 bytes, or the key, 16 bytes, when `status` is 0; else empty. */
  readonly result: Uint8Array;
}

/** Cuts what a stub sends to the platform into requests; `parsePlatformRequest` reads each. */
export function platformRequestReader(): MessageReader {
  return new MessageReader({ headerBytes, lengthAt: 4, maxBodyBytes: () => bodies[PlatformLeaf.EREPORT].request });
}

/** Cuts what a platform sends to a stub into answers. */
export function platformAnswerReader(): MessageReader {
  return new MessageReader({ headerBytes, lengthAt: 4, maxBodyBytes: () => bodies[PlatformLeaf.EREPORT].answer });
}

/** @throws SGX_WIRE_INVALID for a leaf or a length that the protocol does not have */
export function parsePlatformRequest({ header, body }: Message): PlatformRequest {
  const leaf = header.getUint32(0, true);
  if (!isLeaf(leaf)) refuse(`the platform is asked for the unknown leaf ${leaf}.`);
  if (body.length !== bodies[leaf].request) refuse(`a request for leaf ${leaf} has ${body.length} bytes.`);
  if (leaf === PlatformLeaf.EGETKEY) return { leaf, keyRequest: copyOf(body) };
  return { leaf, targetInfo: copyOf(body.subarray(0, 512)), reportData: copyOf(body.subarray(512)) };
}

/** @throws SGX_WIRE_INVALID for a part of another length */
export function encodePlatformRequest(request: PlatformRequest): Uint8Array {
  const parts =
    request.leaf === PlatformLeaf.EGETKEY
      ? [{ bytes: request.keyRequest, length: 512 }]
      : [
          { bytes: request.targetInfo, length: 512 },
          { bytes: request.reportData, length: 64 },
        ];
  const fits = parts.every(({ bytes, length }) => bytes.length === length);
  if (!fits) refuse('a request to the platform has another length.');
  return framed(
    request.leaf,
    parts.map(({ bytes }) => bytes),
  );
}

/** @throws SGX_WIRE_INVALID for a result that does not fit to its status and leaf */
export function encodePlatformAnswer(leaf: PlatformLeaf, { status, result }: PlatformAnswer): Uint8Array {
  checkAnswer(leaf, status, result.length);
  return framed(status, [result]);
}

/** @throws SGX_WIRE_INVALID for a result that does not fit to its status and leaf */
export function parsePlatformAnswer(leaf: PlatformLeaf, { header, body }: Message): PlatformAnswer {
  const status = header.getUint32(0, true);
  checkAnswer(leaf, status, body.length);
  return { status, result: copyOf(body) };
}

function checkAnswer(leaf: PlatformLeaf, status: number, bytes: number): void {
  const expected = status === LeafStatus.SUCCESS ? bodies[leaf].answer : 0;
  if (bytes === expected) return;
  refuse(`the answer to leaf ${leaf} with status ${status} has ${bytes} bytes, not ${expected}.`);
}

function framed(word: number, parts: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new Uint8Array(headerBytes + bodyBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, word, true);
  view.setUint32(4, bodyBytes, true);
  let at = headerBytes;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function isLeaf(value: number): value is PlatformLeaf {
  return value === PlatformLeaf.EREPORT || value === PlatformLeaf.EGETKEY;
}

/** Unlike slice(), also of a Node Buffer. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
