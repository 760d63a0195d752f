import type { SignedIdentity } from '@enclos/build';

/** Labels of an image and annotations of its manifest: its claims about its enclave. `image verify` checks them. */
export const enclaveLabels = Object.freeze({
  mrEnclave: 'dev.enclos.mrenclave',
  mrSigner: 'dev.enclos.mrsigner',
  productId: 'dev.enclos.product-id',
  securityVersion: 'dev.enclos.security-version',
  debug: 'dev.enclos.debug',
});

export function labelsOf(identity: Omit<SignedIdentity, 'date'>): Readonly<Record<string, string>> {
  return Object.freeze({
    [enclaveLabels.mrEnclave]: identity.mrEnclave,
    [enclaveLabels.mrSigner]: identity.mrSigner,
    [enclaveLabels.productId]: String(identity.productId),
    [enclaveLabels.securityVersion]: String(identity.securityVersion),
    // The host of an enclave whose mode is open may start it in debug mode.
    [enclaveLabels.debug]: String(identity.debug || identity.modeIsOpen),
  });
}
