import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import {
  collateralFor,
  createCpu,
  createMachine,
  createQuotingEnclave,
  createVendor,
  enrol,
  initialCpuSvn,
  startCpu,
  type Cpu,
  type QuotingEnclave,
} from '@enclos/software-sgx';
import { softwareCapabilities, type Capabilities } from '@enclos/tee';

/** What a verifier needs for the quotes of one platform. */
export interface InProcessEndorsements {
  /** PEM. No policy names it unless the test does, and its key is gone when the platform has been made. */
  readonly rootCertificate: string;
  /** JSON, the shape of QuoteCollateralV3. */
  readonly collateral: string;
}

/** The processor, and what quotes for it. */
export interface InProcessMachine {
  readonly cpu: Cpu;
  readonly quoting: QuotingEnclave | undefined;
  readonly capabilities: Capabilities;
}

/** A machine, and what its evidence needs. */
export interface PoweredMachine {
  readonly machine: InProcessMachine;
  readonly endorsements: InProcessEndorsements | undefined;
}

const random = (sizeBytes: number): Uint8Array => new Uint8Array(randomBytes(sizeBytes));

const capabilities: Capabilities = Object.freeze({
  ...softwareCapabilities,
  platform: 'in-process',
  boundary: 'none',
  streamTransports: Object.freeze(['relayed'] as const),
});

/** A processor that quotes nothing. */
export function plainMachine(): PoweredMachine {
  const cpu = createCpu({
    fuses: random(32),
    ownerEpoch: random(16),
    cpuSvn: initialCpuSvn('single-user'),
    randomBytes: random,
  });
  const machine = { cpu, quoting: undefined, capabilities: { ...capabilities, remoteAttestation: 'none' } } as const;
  return { machine, endorsements: undefined };
}

/** A name that no resolver knows, in the certificates: it says what issued them. */
const collateralUrl = 'https://in-process-platform-for-tests.enclos.invalid';

/** A vendor and a machine that leave nothing: their folder, with the keys of the vendor, is removed at once. */
export async function quotingMachine(): Promise<PoweredMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-in-process-'));
  try {
    const now = new Date();
    const vendor = await createVendor(join(folder, 'vendor'), { now, collateralUrl });
    const fresh = await createMachine(join(folder, 'machine'), { separation: 'single-user' });
    const machine = await enrol(vendor, fresh, now);
    const cpu = startCpu(machine, { randomBytes: random });
    const quoting = createQuotingEnclave({ cpu, machine });
    const endorsements = { rootCertificate: vendor.rootPem, collateral: JSON.stringify(collateralFor(vendor)) };
    return { machine: { cpu, quoting, capabilities }, endorsements };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws TEE_CAPABILITY_MISSING */
export function requireQuoting({ quoting }: InProcessMachine): QuotingEnclave {
  if (quoting !== undefined) return quoting;
  throw new EnclosError(
    'TEE_CAPABILITY_MISSING',
    'This platform of a test does not quote: make it with createInProcessPlatform({ quotes: true }).',
  );
}
