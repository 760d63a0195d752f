import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes } from '@enclos/codec';
import {
  attestedCertificate,
  attestedServerKey,
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

export { openEnclaveReport, taggedClaims as claimsAbout, taggedEvidence, wrappedMessage } from '@enclos/evidence-kit';

export const serverKey = attestedServerKey();
export const serverKeyInfo: Uint8Array = publicKeyInfo(serverKey);

export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** 32 bytes as report data. */
export function asReportData(digest: Uint8Array): Uint8Array {
  return concatBytes(digest, new Uint8Array(64 - digest.length));
}

/** A self-signed certificate of {@link serverKey} with these extensions. */
export function certificateWith(extensions: readonly Extension[]): Uint8Array {
  return attestedCertificate(...extensions);
}
