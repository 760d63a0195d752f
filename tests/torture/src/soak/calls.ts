import { parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import { equalBytes } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { Subject } from '../load-subject.ts';
import type { Random } from '../random.ts';

export interface CallContext {
  readonly enclave: Subject;
  readonly platform: EmbeddedPlatform;
  readonly random: Random;
  /** Of this caller and no other. */
  readonly caller: number;
}

/** Makes one call and checks its answer. Resolves to what is wrong with it, or undefined. */
export type CallKind = (context: CallContext) => Promise<string | undefined>;

/** A call that has no deadline of its own gets this one: nothing takes so long. */
export const generousMs = 60_000;
const options = { timeoutMs: generousMs };
const sizes = [0, 1, 31, 1000, 4096, 65_536, 262_144, 300_000] as const;

function data(random: Random): Uint8Array<ArrayBuffer> {
  return random.bytes(random.pick(sizes));
}

function compare(found: Uint8Array, expected: Uint8Array): string | undefined {
  return equalBytes(found, expected) ? undefined : `got ${found.length} bytes that are not the ${expected.length} sent`;
}

/** The call must end with this code, and not before its time. */
async function endsWith(
  call: () => Promise<unknown>,
  code: ErrorCode,
  notBeforeMs: number,
): Promise<string | undefined> {
  const started = performance.now();
  try {
    await call();
    return 'an answer where none was to come';
  } catch (error) {
    if (!isEnclosError(error, code)) throw error;
  }
  const ms = performance.now() - started;
  // Timers count whole milliseconds, and may come one early.
  return ms < notBeforeMs - 2 ? `${code} after ${ms} ms, and not after ${notBeforeMs}` : undefined;
}

const kinds: Readonly<Record<string, { readonly weight: number; readonly call: CallKind }>> = {
  echo: {
    weight: 40,
    async call({ enclave, random }) {
      const sent = data(random);
      return compare(await enclave.call.echo({ data: sent }, options), sent);
    },
  },
  nested: {
    weight: 15,
    async call({ enclave, random }) {
      const sent = random.bytes(random.below(5000));
      return compare(await enclave.call.nest({ depth: 1 + random.below(6), data: sent }, options), sent);
    },
  },
  cancelled: {
    weight: 10,
    async call({ enclave, random }) {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), random.below(30));
      const call = (): Promise<unknown> => enclave.call.wait({ ...options, signal: stop.signal });
      return endsWith(call, 'GATE_CANCELLED', 0).finally(() => clearTimeout(timer));
    },
  },
  deadline: {
    weight: 10,
    async call({ enclave, random }) {
      const timeoutMs = 1 + random.below(100);
      return endsWith(() => enclave.call.wait({ timeoutMs }), 'GATE_DEADLINE', timeoutMs);
    },
  },
  sealing: {
    weight: 15,
    async call({ enclave, random }) {
      const sent = data(random);
      return compare(await enclave.call.sealing({ data: sent }, options), sent);
    },
  },
  file: {
    weight: 8,
    async call({ enclave, random, caller }) {
      const sent = data(random);
      return compare(await enclave.call.file({ name: `caller-${caller}`, data: sent }, options), sent);
    },
  },
  evidence: {
    weight: 2,
    async call({ enclave, platform, random }) {
      const quote = await enclave.call.evidence({ nonce: random.bytes(32) }, options);
      const root = await softwareRoot((await platform.describe()).rootCertificate);
      const endorsements = parseCollateral(JSON.parse(await platform.endorsements()));
      const verdict = await verifyQuote(quote, endorsements, { roots: [root], now: new Date() });
      const mrEnclave = verdict.tee === 'sgx' ? verdict.report.mrEnclave : '';
      return compare(Buffer.from(mrEnclave, 'hex'), enclave.identity.mrEnclave);
    },
  },
};

export const kindNames: readonly string[] = Object.keys(kinds);
const lottery = Object.entries(kinds).flatMap(([name, { weight, call }]) =>
  Array.from({ length: weight }, () => ({ name, call })),
);

export function pickCall(random: Random): { readonly name: string; readonly call: CallKind } {
  return random.pick(lottery);
}
