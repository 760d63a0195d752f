import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cborArray,
  cborBytes,
  cborMap,
  cborTag,
  cborText,
  cborUnsigned,
  concatBytes,
  derOctetString,
  utf8,
} from '@enclos/codec';
import {
  issueCertificate,
  processKeys,
  publicKeyInfo,
  scenario,
  type Extension,
  type Scenario,
  type ScenarioChanges,
} from '@enclos/evidence-kit';
import { enclos, type Ran, type RunOptions } from './cli.ts';

/** One scenario of the kit in files, and `enclos verify` on it. */
export interface KitFiles {
  readonly made: Scenario;
  /** What every command needs to find it genuine. */
  readonly options: readonly string[];
  readonly verify: (argv?: readonly string[], evidence?: string, options?: RunOptions) => Promise<Ran>;
}

export function writeKit(folder: string, name: string, changes: ScenarioChanges = {}): KitFiles {
  const made = scenario(changes);
  writeFileSync(join(folder, `${name}.bin`), made.quote);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(made.collateral));
  writeFileSync(join(folder, `${name}.root.pem`), made.root.certificate);
  const options = ['--collateral', `${name}.json`, '--root', `${name}.root.pem`, '--at', made.at.toISOString()];
  return {
    made,
    options,
    verify: (argv = [], evidence = `${name}.bin`, given = {}) =>
      enclos(['verify', evidence, ...options, ...argv], { cwd: folder, ...given }),
  };
}

export const serverKey = processKeys.key('attested server', 'P-256');
export const serverKeyInfo: Uint8Array = publicKeyInfo(serverKey);

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** 32 bytes as report data. */
export function asReportData(digest: Uint8Array): Uint8Array {
  return concatBytes(digest, new Uint8Array(64 - digest.length));
}

/** A self-signed certificate of {@link serverKey} with these extensions. */
export function certificateWith(extensions: readonly Extension[]): Uint8Array {
  const name = 'attested server';
  return issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer: name,
    subject: name,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2040-01-01T00:00:00Z'),
    key: serverKey,
    issuerKey: serverKey,
    extensions,
  });
}

/** The claims of interoperable RA-TLS about a key: {"pubkey-hash": bstr [1, SHA-256]}, and a key that others add. */
export function claimsAbout(keyInfo: Uint8Array): Uint8Array {
  const hash = cborArray(cborUnsigned(1), cborBytes(sha256(keyInfo)));
  return cborMap({ key_0: cborBytes(utf8('x')), 'pubkey-hash': cborBytes(hash) });
}

/** Tag 60000: quote, then claims. */
export function taggedEvidence(quote: Uint8Array, claims: Uint8Array): Uint8Array {
  return cborTag(60_000, cborArray(cborBytes(quote), cborBytes(claims)));
}

/** A record of RFC 9999 as an extension holds it. */
export function wrappedMessage(tagged: Uint8Array): Uint8Array {
  const type = cborText('application/vnd.enclos.tagged-evidence+cbor');
  return derOctetString(cborArray(type, cborBytes(tagged), cborUnsigned(4)));
}

/** `oe_report_header_t` and a quote. */
export function openEnclaveReport(quote: Uint8Array, type = 2): Uint8Array {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, type, true);
  view.setBigUint64(8, BigInt(quote.length), true);
  return concatBytes(header, quote);
}
