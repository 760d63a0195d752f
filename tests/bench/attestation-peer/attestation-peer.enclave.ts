import { attestationApplication } from '@enclos/attestation-service/enclave';

/**
 * What the attestation service is measured against: the service itself, which attests once, and from then on signs
 * the claims of that one token again for every request.
 */
export const application = attestationApplication({
  attest: (own) => {
    let first: ReturnType<typeof own> | undefined;
    return async (request, tenant) => {
      const known = await (first ??= own(request, tenant));
      const claims = JSON.parse(Buffer.from(known.token.split('.')[1] ?? '', 'base64url').toString()) as object;
      return { ...known, token: await tenant.signer.sign(claims as Parameters<typeof tenant.signer.sign>[0]) };
    };
  },
});
