import { passingAdvice } from '@enclos/tee';
import { EnclosError } from '@enclos/errors';
import { mustBePassed, type EnclaveManifest } from '@enclos/manifest';

/**
 * Gramine has no way to hand a connected socket to an enclave, so an image that insists on it would not start there.
 * @throws STREAM_TRANSPORT_UNAVAILABLE, naming what insists
 */
export function requireRelayable(manifest: Pick<EnclaveManifest, 'listen' | 'connect'>): void {
  const insisting = mustBePassed(manifest);
  if (insisting.length === 0) return;
  const names = insisting.map(({ name }) => `"${name}"`).join(', ');
  const message = `In Gramine the host relays all connections, and the image wants those of ${names} passed.`;
  throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE', message, {
    details: { names: insisting.map((entry) => entry.name) },
    next: passingAdvice.platform,
  });
}
