import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { azureSnpScenario, azureTdxScenario, pem, pemChain, type AzureScenarioChanges } from '@enclos/evidence-kit';
import { enclos, temporaryFolder, type Ran } from '../../cli.ts';

/** Of all files of these tests. */
export const folder = temporaryFolder();

/** Writes a file, and says its name. */
export const put = (name: string, content: Uint8Array | string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

export interface Machine {
  readonly document: Uint8Array;
  readonly hclReport: Uint8Array;
  readonly nonce: Uint8Array;
  /** What every command needs to find it genuine. */
  readonly options: readonly string[];
}

/** A machine on either hardware, and what endorses it in files. */
export function machineOn(hardware: 'snp' | 'tdx', changes: AzureScenarioChanges = {}): Machine {
  if (hardware === 'tdx') {
    const made = azureTdxScenario(changes);
    put('tdx.json', JSON.stringify(made.tdx.collateral));
    put('tdx.pem', made.tdx.root.certificate);
    const options = ['--collateral', 'tdx.json', '--root', 'tdx.pem', '--at', made.tdx.at.toISOString()];
    return { ...made, options };
  }
  const made = azureSnpScenario(changes);
  const { ask, ark, crl, at } = made.snp;
  // The certificate of the signing key comes in the document.
  put('snp.json', JSON.stringify({ certificate_chain: pemChain([ask, ark]), crl: toHex(crl) }));
  put('snp.pem', pem(ark));
  return { ...made, options: ['--collateral', 'snp.json', '--root', 'snp.pem', '--at', at.toISOString()] };
}

/** `enclos verify` on the document of a machine, or on other bytes. */
export async function verify(
  machine: Machine,
  argv: readonly string[] = [],
  evidence = machine.document,
): Promise<Ran> {
  return enclos(['verify', put('evidence', evidence), ...machine.options, ...argv], { cwd: folder });
}

/** The steps of an answer for programs. */
export const stepsIn = (ran: Ran): readonly { readonly id: string; readonly status: string }[] =>
  ran.json()['steps'] as readonly { readonly id: string; readonly status: string }[];

/** A policy that accepts what this machine claims. */
export async function policyOf(machine: Machine, change: object = {}): Promise<string> {
  const init = ['policy', 'init', put('claimed', machine.document), '--product', 'Milan', '--json'];
  const ran = await enclos(init, { cwd: folder });
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  const drafted = ran.json()['policy'] as Readonly<Record<string, object>>;
  // The root of the kit is neither Intel's nor AMD's.
  const hardware = { ...drafted['hardware'], ...(await rootOf(machine)) };
  return put('machine.json', JSON.stringify({ ...drafted, hardware, ...change }, undefined, 2));
}

async function rootOf(machine: Machine): Promise<object> {
  const { verdict } = (await verify(machine, ['--json'])).json() as {
    verdict: { hardware: { tee: string; root: { fingerprint: string } } };
  };
  const { tee, root } = verdict.hardware;
  return tee === 'sev-snp' ? { roots: [root.fingerprint] } : { requireSeptVeDisable: false };
}

/** A policy that was written. */
export function policyIn(name: string): { readonly hardware: object } {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly hardware: object };
}
