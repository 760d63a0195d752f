import { parseCollateral, softwareRoot, verifyQuote } from '@enclos/attestation';
import type { Scene } from './scene.ts';
import { median, report, time } from './statistics.ts';

/** A quote made by the quoting enclave, and verified with everything checked anew. */
export async function benchVerify(scene: Scene): Promise<void> {
  const enclave = await scene.load();
  const nonce = new Uint8Array(32);
  const collateral = await scene.platform.endorsements();
  const roots = [await softwareRoot((await scene.platform.describe()).rootCertificate)];
  const quote = await enclave.call.evidence({ nonce });
  const making: number[] = [];
  const verifying: number[] = [];
  for (let i = 0; i < 200; i++) {
    making.push(await time(async () => enclave.call.evidence({ nonce })));
    verifying.push(await time(async () => verifyQuote(quote, parseCollateral(collateral), { roots, now: new Date() })));
  }
  report('quote: report, quoting enclave, two ECDSA', `${median(making).toFixed(2)} ms`);
  report(
    'verify: quote and collateral, nothing cached',
    `${median(verifying).toFixed(2)} ms`,
    `${Math.round(1000 / median(verifying))} /s`,
  );
  await enclave.dispose();
}
