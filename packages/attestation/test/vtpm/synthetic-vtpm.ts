import { createHash, sign } from 'node:crypto';
import { ByteWriter, concatBytes, fromHex, toBase64url, toHex, utf8 } from '@enclos/codec';
import type { AzureEvidence } from '../../src/index.ts';
import { rsaKey, type AmdKeyPair } from '../snp/synthetic-pki.ts';

const ak = rsaKey(2048);

export function jwk(key: AmdKeyPair, change: Record<string, unknown> = {}): Record<string, unknown> {
  const { n, e } = { n: modulusOf(key), e: 'AQAB' };
  return { kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e, n: toBase64url(n), ...change };
}

/** Of a key of 2048 bits: the last part of the SubjectPublicKeyInfo, before the exponent. */
function modulusOf({ spki }: AmdKeyPair): Uint8Array {
  return spki.subarray(-256 - 5, -5);
}

export const goodRuntime = {
  keys: [
    jwk(ak),
    { kid: 'HCLEkPub', key_ops: ['encrypt'], kty: 'RSA', e: 'AQAB', n: toBase64url(modulusOf(rsaKey(2048))) },
  ],
  'vm-configuration': {
    'console-enabled': false,
    'secure-boot': true,
    'tpm-enabled': true,
    'tpm-persisted': false,
    'root-cert-thumbprint': 'thumb',
    vmUniqueId: '6332533D-5649-4D02-8AA7-8F64B7C3EE21',
  },
  'user-data': '0f'.repeat(64),
};

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

/** What the hardware's report data must be for a runtime. */
export function reportDataFor(text: string): string {
  return toHex(sha256(utf8(text))).padEnd(128, '0');
}

export interface HclSpec {
  readonly magic: string;
  readonly version: number;
  readonly reportSize: number;
  readonly requestType: number;
  readonly status: number;
  readonly reserved: number;
  readonly totalSize: number;
  readonly dataVersion: number;
  readonly reportType: number;
  readonly hashType: number;
  /** Zeros that count as runtime data. */
  readonly padding: number;
  readonly trailing: Uint8Array;
}

export function makeHclReport(hardwareReport: Uint8Array, runtime: string, change: Partial<HclSpec> = {}): Uint8Array {
  const content = concatBytes(utf8(runtime), new Uint8Array(change.padding ?? 0));
  const spec: HclSpec = {
    magic: 'HCLA',
    version: 2,
    reportSize: 32 + 1184 + 20 + content.length,
    requestType: 2,
    status: 0,
    reserved: 0,
    totalSize: 20 + content.length,
    dataVersion: 1,
    reportType: 2,
    hashType: 1,
    padding: 0,
    trailing: new Uint8Array(100),
    ...change,
  };
  const writer = new ByteWriter({ sizeHint: 2600 });
  writer.bytes(utf8(spec.magic)).u32(spec.version).u32(spec.reportSize).u32(spec.requestType).u32(spec.status);
  writer.u32(0).u32(spec.reserved).u32(0).bytes(hardwareReport);
  writer.u32(spec.totalSize).u32(spec.dataVersion).u32(spec.reportType).u32(spec.hashType).u32(content.length);
  return writer.bytes(content).bytes(spec.trailing).finish();
}

/** A TDREPORT, as the HCL report holds it; only type and report data matter here. */
export function makeTdReport(
  reportData: string,
  change: { readonly type?: number; readonly trailing?: number } = {},
): Uint8Array {
  const report = new Uint8Array(1184);
  report[0] = change.type ?? 0x81;
  report.set(fromHex(reportData), 128);
  report[200] = 7;
  report[1183] = change.trailing ?? 0;
  return report;
}

export const nonce = utf8('a nonce of the relying party');
export const pcrValues: readonly Uint8Array[] = Array.from({ length: 24 }, (_, number) =>
  new Uint8Array(32).fill(number + 1),
);

export interface AttestSpec {
  readonly magic: number;
  readonly type: number;
  readonly signer: Uint8Array;
  readonly extraData: Uint8Array;
  readonly clock: bigint;
  readonly safe: number;
  readonly banks: number;
  readonly hash: number;
  readonly selectSize: number;
  readonly select: readonly number[];
  readonly digest: Uint8Array;
  readonly trailing: Uint8Array;
}

/** TPMS_ATTEST of a quote, big-endian. */
export function makeAttestation(change: Partial<AttestSpec> = {}): Uint8Array {
  const spec: AttestSpec = {
    magic: 0xff54_4347,
    type: 0x8018,
    signer: concatBytes(Uint8Array.of(0, 0x0b), new Uint8Array(32).fill(9)),
    extraData: nonce,
    clock: 3_232_345n,
    safe: 1,
    banks: 1,
    hash: 0x000b,
    selectSize: 3,
    select: [0xff, 0xff, 0xff],
    digest: sha256(concatBytes(...pcrValues)),
    trailing: new Uint8Array(),
    ...change,
  };
  const number = (value: bigint | number, sizeBytes: number): Uint8Array =>
    fromHex(
      BigInt(value)
        .toString(16)
        .padStart(2 * sizeBytes, '0'),
    );
  const sized = (bytes: Uint8Array): Uint8Array => concatBytes(number(bytes.length, 2), bytes);
  return concatBytes(
    number(spec.magic, 4),
    number(spec.type, 2),
    sized(spec.signer),
    sized(spec.extraData),
    number(spec.clock, 8),
    number(3, 4),
    number(2, 4),
    number(spec.safe, 1),
    number(0x2020_0312_0012_0003n, 8),
    number(spec.banks, 4),
    number(spec.hash, 2),
    number(spec.selectSize, 1),
    Uint8Array.from(spec.select),
    sized(spec.digest),
    spec.trailing,
  );
}

export function makeTpmQuote(message = makeAttestation(), key = ak): AzureEvidence['tpmQuote'] {
  return { message, signature: new Uint8Array(sign('sha256', message, key.privateKey)), pcrs: pcrValues };
}

export const otherKey = rsaKey(2048);
