import { createTokenSigner, type JsonClaims } from '@enclos/attestation-service/token-signer';
import { createTlsIdentity, defineEnclave, listen, quoteReportData, tlsServer } from '@enclos/enclave';
import { serveHttp } from '@enclos/enclave/http';
import { attestationPeer } from './attestation-peer.edl.ts';

export const application = defineEnclave(attestationPeer, {
  async serve({ claims: text }) {
    const claims = JSON.parse(text) as JsonClaims;
    const signer = await createTokenSigner({
      issuer: 'https://localhost',
      algorithm: 'RS256',
      validityMinutes: 480,
      keys: { rotateMinutes: 1440, overlapMinutes: 60 },
      configurationDigest: 'A'.repeat(43),
      software: true,
      testSettings: false,
      quote: quoteReportData,
      now: () => new Date(),
    });
    const tls = createTlsIdentity('localhost');
    void serveHttp(listen('https'), {
      secure: tlsServer({ ...tls, minVersion: 'TLSv1.2', alpnProtocols: ['http/1.1'] }),
      handler: async () => ({
        status: 200,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ token: await signer.sign(claims) }),
      }),
      date: () => new Date(),
    });
    return tls.cert;
  },
});
