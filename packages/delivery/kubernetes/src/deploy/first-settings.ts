import { portsOf, shortened } from './ports.ts';
import type { EnclaveNetwork } from './plan.ts';
import type { DeploySettings } from './settings.ts';

/** What is known of an enclave before anyone has said how it runs. */
export interface DeployableEnclave extends EnclaveNetwork {
  readonly name: string;
  /** As enclave.json or the manifest in the image says. */
  readonly heapSizeBytes: number | bigint;
  /** Its companions: how many processes of each, and what one of them may write to. */
  readonly companions?: readonly { readonly processes: number; readonly memoryBytes: number | bigint }[] | undefined;
}

const longestName = 52;
const mebibyte = 1024n * 1024n;
/** The host program, and an enclave whose heap is empty: 120 MB together in a pod, with room for answers on their way. */
const baseMebibytes = 256n;
const stepMebibytes = 128n;
/** A process of a companion that has written nothing yet. */
const companionMebibytes = 64n;

/**
 * The settings to begin with, for an enclave without deploy.json: as little as runs, and closed. Its ports can be reached from pods of the namespace
 * only, and the pod is ready when the first of them accepts connections. An enclave that does not listen is a Job.
 */
export function firstSettings({ name, heapSizeBytes, listen, companions = [] }: DeployableEnclave): DeploySettings {
  const ports = portsOf(listen);
  const [first] = ports;
  const common = {
    name: shortened(name, longestName),
    resources: { cpu: '500m', memory: `${memoryMebibytes(BigInt(heapSizeBytes), companions)}Mi` },
  };
  if (first === undefined) return { kind: 'Job', ...common, job: { deadlineSeconds: 600 } };
  return {
    kind: 'Deployment',
    ...common,
    listen: ports,
    service: { type: 'ClusterIP' },
    probes: { readiness: { tcp: first.name } },
  };
}

function memoryMebibytes(heapSizeBytes: bigint, companions: NonNullable<DeployableEnclave['companions']>): bigint {
  const ofCompanions = companions.reduce(
    (sum, { processes, memoryBytes }) =>
      sum + BigInt(processes) * (companionMebibytes + mebibytes(BigInt(memoryBytes))),
    0n,
  );
  const needed = baseMebibytes + mebibytes(heapSizeBytes) + ofCompanions;
  return ((needed + stepMebibytes - 1n) / stepMebibytes) * stepMebibytes;
}

function mebibytes(bytes: bigint): bigint {
  return (bytes + mebibyte - 1n) / mebibyte;
}

/**
 * The text of a deploy.json.
 * @param schema where editors find its JSON Schema, relative to the file
 */
export function settingsText({ name, ...settings }: DeploySettings, schema?: string): string {
  const first = schema === undefined ? { name } : { $schema: schema, name };
  return `${JSON.stringify({ ...first, ...settings }, undefined, 2)}\n`;
}
