import { EnclosError } from '@enclos/errors';
import { mayBePassed, mustBePassed, type EnclaveManifest } from '@enclos/manifest';
import type { IsolationLayer } from '@enclos/tee';

const filterLayer = 'seccomp';

export interface PassingOptions {
  /** Whether the host says that it can pass connected sockets. */
  readonly passes: boolean;
  readonly layers: readonly IsolationLayer[];
}

/**
 * Decides, from the measured manifest, whether connected sockets are passed to an enclave: one decision for all of its streams
 * that may be passed. Only under the system call filter, without which a socket could be made to reach out again: `connect` with
 * AF_UNSPEC ends its connection (connect(2)).
 * @throws STREAM_TRANSPORT_UNAVAILABLE when a stream must be passed and cannot be
 */
export function decidePassing(
  manifest: Pick<EnclaveManifest, 'listen' | 'connect'>,
  { passes, layers }: PassingOptions,
): boolean {
  if (![...manifest.listen, ...manifest.connect].some(mayBePassed)) return false;
  const isFiltered = layers.some(({ name, active }) => name === filterLayer && active);
  if (passes && isFiltered) return true;
  const [required] = mustBePassed(manifest);
  if (required === undefined) return false;
  const why = passes ? `this machine lacks the layer ${filterLayer}` : 'its host passes no sockets';
  throw new EnclosError(
    'STREAM_TRANSPORT_UNAVAILABLE',
    `The connections of "${required.name}" must be passed, and ${why}.`,
    {
      details: { stream: required.name },
    },
  );
}

/** The layers of an enclave to which sockets are passed: the same, of which one gives less. */
export function passingLayers(layers: readonly IsolationLayer[]): readonly IsolationLayer[] {
  return Object.freeze(
    layers.map((layer) =>
      layer.name === filterLayer ? Object.freeze({ ...layer, detail: layer.detail.replace(...inWords) }) : layer,
    ),
  );
}

/** What the filter gives, of `filterGives`, without and with passed sockets. */
const inWords = ['No new sockets', 'No sockets but those that the host passes'] as const;
