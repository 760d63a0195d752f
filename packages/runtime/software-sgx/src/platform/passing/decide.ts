import { filterGives, type IsolationPlan } from '@enclos/isolation';
import { mayBePassed, mustBePassed, type EnclaveManifest } from '@enclos/manifest';
import { EnclosError } from '@enclos/errors';
import { passingAdvice, type IsolationLayer } from '@enclos/tee';

const filterLayer = 'seccomp';

export interface PassingOptions {
  /** Whether the host says that it can pass connected sockets. */
  readonly passes: boolean;
  readonly layers: readonly IsolationLayer[];
  /** Its sockets are those of its private network, into which none is passed. */
  readonly hasOwnNetwork?: boolean;
  /** Why a socket that is passed does not reach an enclave of this machine; undefined when it does. Asked when all else is there. */
  readonly obstacle: () => Promise<string | undefined>;
}

/** How the streams of an enclave that may be passed reach it. */
export interface PassingDecision {
  readonly passed: boolean;
  /** Why they are relayed although their host passes sockets: a sentence. */
  readonly relayedWhy?: string;
}

/**
 * Decides, from the measured manifest, whether connected sockets are passed to an enclave: one decision for all of its streams
 * that may be passed. Only under the system call filter, without which a socket could be made to reach out again: `connect` with
 * AF_UNSPEC ends its connection (connect(2)).
 * @throws STREAM_TRANSPORT_UNAVAILABLE when a stream must be passed and cannot be
 */
export async function decidePassing(
  manifest: Pick<EnclaveManifest, 'listen' | 'connect'>,
  options: PassingOptions,
): Promise<PassingDecision> {
  if (![...manifest.listen, ...manifest.connect].some(mayBePassed)) return { passed: false };
  const refusal = await whyNot(options);
  if (refusal === undefined) return { passed: true };
  const [required] = mustBePassed(manifest);
  const wanted = options.passes && options.hasOwnNetwork !== true;
  if (required === undefined) return wanted ? { passed: false, relayedWhy: refusal.why } : { passed: false };
  const message = `The connections of "${required.name}" must be passed, and ${refusal.why}`;
  throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE', message, {
    details: { stream: required.name },
    next: refusal.next,
  });
}

async function whyNot({
  passes,
  layers,
  obstacle,
  hasOwnNetwork = false,
}: PassingOptions): Promise<{ readonly why: string; readonly next: string } | undefined> {
  if (hasOwnNetwork) {
    const why = 'the sockets of a program with a private network are those of that network.';
    return { why, next: 'Let enclave.json say "transport": "either" or "relayed".' };
  }
  if (!passes) return { why: 'its host passes no sockets.', next: passingAdvice.host };
  if (!layers.some(({ name, active }) => name === filterLayer && active)) {
    return { why: `this machine lacks the layer ${filterLayer}.`, next: passingAdvice.filter };
  }
  const tried = await obstacle();
  if (tried === undefined) return undefined;
  return { why: `this machine lets no socket into an enclave. ${tried}`, next: passingAdvice.trial };
}

/** The layers of an enclave to which sockets are passed: the same, of which one gives less. */
export function passingLayers({ way, layers }: Pick<IsolationPlan, 'way' | 'layers'>): readonly IsolationLayer[] {
  const detail = filterGives(way, { passes: true });
  return Object.freeze(
    layers.map((layer) => (layer.name === filterLayer && layer.active ? Object.freeze({ ...layer, detail }) : layer)),
  );
}
