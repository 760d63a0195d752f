import { constants, createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { AMD_MILAN_ROOT, createVerifierCache, parseSnpCollateral } from '@enclos/attestation';
import { verifySnpReportSync, type SyncCrypto } from '@enclos/attestation/node';
import type { Figure } from './harness/figures.ts';
import { ratesOf, signaturesOf } from './harness/rates.ts';
import { median } from './harness/statistics.ts';
import { vector } from './harness/vectors.ts';

const folder = 'snp/attestation-rs';
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };

/**
 * `verifySnpReportSync` of a report of a Milan processor, beside node:crypto that only checks as many signatures of the
 * same kinds. There is no revocation list of AMD's among the vectors, so that a chain has three signatures.
 */
export function benchVerifySnp(): readonly Figure[] {
  const report = vector(`${folder}/test-report.bin`);
  const collateral = {
    signingKeyCertificate: vector(`${folder}/test-vcek.der`),
    certificateChain: [vector(`${folder}/certs/milan/ask.der`), vector(`${folder}/certs/milan/ark.der`)],
  };
  const ours = (cache: ReturnType<typeof createVerifierCache>, crypto?: SyncCrypto) => () => {
    const options = { roots: [AMD_MILAN_ROOT], now: new Date(), cache, ...(crypto === undefined ? {} : { crypto }) };
    verifySnpReportSync(report, parseSnpCollateral(collateral), options);
  };
  const [nothing, everything] = [createVerifierCache({ amdSignatures: 0 }), createVerifierCache()];
  const counts = {
    cold: signaturesOf((crypto) => ours(nothing, crypto)),
    warm: signaturesOf((crypto) => ours(everything, crypto)),
  };
  const rates = ratesOf({
    // Another object for cryptography has no imported keys yet.
    cold: () => ours(nothing, { createHash, createPublicKey, verify })(),
    warm: ours(everything),
    bareCold: bare(counts.cold - 1),
    bareWarm: bare(counts.warm - 1),
  });
  const line = (words: string, mine: 'cold' | 'warm', peer: 'bareCold' | 'bareWarm'): Figure => ({
    what: `SEV-SNP, Milan: ${words}; peer node:crypto with as many`,
    ours: `${Math.round(median(rates[mine]))} /s`,
    peer: `${Math.round(median(rates[peer]))} /s`,
    ratio: median(rates[mine].map((rate, index) => rate / (rates[peer][index] ?? Number.NaN))).toFixed(2),
  });
  return [
    line(`nothing known, ${counts.cold} signatures`, 'cold', 'bareCold'),
    line(`chain known, ${counts.warm} signature`, 'warm', 'bareWarm'),
  ];
}

/** Signatures of authorities with RSA of 4096 bits, and that of a report on P-384; keys are imported before. */
function bare(authorities: number): () => void {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 4096 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const dsaEncoding = 'ieee-p1363';
  const [certificate, report] = [new Uint8Array(1100), new Uint8Array(0x2a0)];
  const byAuthority = sign('sha384', certificate, { key: rsa.privateKey, ...pss });
  const byChip = sign('sha384', report, { key: ec.privateKey, dsaEncoding });
  return () => {
    for (let index = 0; index < authorities; index++) {
      verify('sha384', certificate, { key: rsa.publicKey, ...pss }, byAuthority);
    }
    verify('sha384', report, { key: ec.publicKey, dsaEncoding }, byChip);
  };
}
