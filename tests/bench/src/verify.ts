import { createVerifierCache, parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import type { Figure } from './harness/figures.ts';
import type { Scene } from './scene.ts';
import { median, time } from './harness/statistics.ts';
import { benchVerifyPeers } from './verify-peers.ts';
import { benchVerifySnp } from './verify-snp.ts';

/** A quote made by the quoting enclave, and verified with everything checked anew. */
export async function benchVerify(scene: Scene): Promise<readonly Figure[]> {
  // First what may be missing, the vectors, so that their absence is told at once.
  const compared = [...benchVerifyPeers(), ...benchVerifySnp()];
  const enclave = await scene.load();
  const nonce = new Uint8Array(32);
  const collateral = await scene.platform.endorsements();
  const roots = [await softwareRoot((await scene.platform.describe()).rootCertificate)];
  const quote = await enclave.call.evidence({ nonce });
  const cache = createVerifierCache({ collateral: 0, pckChains: 0, quotingEnclaves: 0 });
  const making: number[] = [];
  const verifying: number[] = [];
  for (let i = 0; i < 200; i++) {
    making.push(await time(async () => enclave.call.evidence({ nonce })));
    verifying.push(
      await time(async () =>
        verifyQuote(quote, parseCollateral(collateral, { cache }), { roots, now: new Date(), cache }),
      ),
    );
  }
  await enclave.dispose();
  const verified = median(verifying);
  return [
    { what: 'a quote: report, quoting enclave, two ECDSA signatures', ours: `${median(making).toFixed(2)} ms` },
    {
      what: 'verifying a quote with all its collateral, nothing cached',
      ours: `${verified.toFixed(2)} ms, ${Math.round(1000 / verified)} /s`,
    },
    ...compared,
  ];
}
