import { cborArray, cborBytes, cborTag, cborText, cborUnsigned, concatBytes } from '@enclos/codec';

/** The profile of Veraison's results. */
export const earProfile = 'tag:github.com,2023:veraison/ear';
const vector = {
  'instance-identity': 2,
  configuration: 0,
  executables: 33,
  hardware: 96,
  'file-system': -2,
  other: 128,
};
/** An attestation result about two parts (draft-ietf-rats-ear), as JSON has it. */
export const earClaims = {
  eat_profile: earProfile,
  iat: 1_666_529_184,
  'ear.verifier-id': { developer: 'https://veraison-project.org', build: 'vts 0.0.1' },
  submods: {
    PSA_IOT: {
      'ear.status': 'contraindicated',
      'ear.appraisal-policy-id': 'policy:PSA_IOT',
      'ear.trustworthiness-vector': vector,
    },
    second: { 'ear.status': 'affirming' },
  },
};
/** A JSON web token with these claims, whose signature is not one. */
export function unsignedToken(claims: unknown): string {
  return [{ alg: 'ES256' }, claims, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
}

/** What CBOR can say, in values of the language. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<number | string, CborValue>;

export function encodeCbor(value: CborValue): Uint8Array {
  if (typeof value === 'number' && value < 0) {
    const bytes = cborUnsigned(-1 - value);
    return bytes.map((byte, index) => (index === 0 ? byte | 0x20 : byte));
  }
  if (typeof value === 'number') return cborUnsigned(value);
  if (typeof value === 'string') return cborText(value);
  if (typeof value === 'boolean' || value === null) return Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  if (value instanceof Uint8Array) return cborBytes(value);
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<number | string, CborValue>)].flatMap(([name, item]) => [
      encodeCbor(name),
      encodeCbor(item),
    ]);
    return concatBytes(Uint8Array.of(0xa0 | value.size), ...members);
  }
  return cborArray(...(value as readonly CborValue[]).map(encodeCbor));
}

/** The same result with the numbers that CBOR has for names. */
export const earCborClaims = new Map<number | string, CborValue>([
  [265, earProfile],
  [6, 1_666_529_184],
  [
    1004,
    new Map<number, CborValue>([
      [0, 'https://veraison-project.org'],
      [1, 'vts 0.0.1'],
    ]),
  ],
  [
    266,
    new Map<string, CborValue>([
      [
        'PSA_IOT',
        new Map<number, CborValue>([
          [1000, 96],
          [1003, 'policy:PSA_IOT'],
          [
            1001,
            new Map<number, CborValue>([
              [0, 2],
              [1, 0],
              [2, 33],
              [4, 96],
              [3, -2],
              [9, 128],
            ]),
          ],
          [1002, Uint8Array.of(1, 2, 3)],
        ]),
      ],
      ['second', new Map<number, CborValue>([[1000, 2]])],
    ]),
  ],
]);

/** A COSE_Sign1 (RFC 9052 section 4.2) with a signature of zeros. */
export function coseSign1(payload: CborValue, header: CborValue = new Map<number, CborValue>([[1, -7]])): Uint8Array {
  const parts = [
    cborBytes(encodeCbor(header)),
    encodeCbor(new Map()),
    cborBytes(encodeCbor(payload)),
    cborBytes(new Uint8Array(64)),
  ];
  return cborTag(18, cborArray(...parts));
}
