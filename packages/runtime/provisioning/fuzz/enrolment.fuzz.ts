import { isEnclosError } from '@enclos/errors';
import { utf8 } from '@enclos/codec';
import { parseEnrolmentRequest } from '../src/provisioning/enrolment.ts';
import { checkIssuedPck, parseIssuedPck } from '../src/provisioning/pck.ts';

const request = {
  format: 'enclos-enrolment-1',
  ppid: '00'.repeat(16),
  platformInstanceId: '11'.repeat(16),
  cpuSvn: `${'00'.repeat(15)}02`,
  pceSvn: 1,
  publicKey: '22'.repeat(64),
  proof: '33'.repeat(64),
};
const issued = {
  format: 'enclos-pck-1',
  cpuSvn: `${'00'.repeat(15)}02`,
  pceSvn: 1,
  pck: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
  platformCa: '',
  root: '',
  quotingImage: '',
  quotingSigstruct: '',
};

export const seeds: readonly Uint8Array[] = [request, issued].map((value) => utf8(JSON.stringify(value)));

const publicKey = new Uint8Array(64);

/** What a vendor receives from machines, and a machine from vendors. */
export function fuzz(data: Uint8Array): void {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return;
  }
  for (const read of [() => parseEnrolmentRequest(value), () => checkIssuedPck(parseIssuedPck(value), publicKey)]) {
    try {
      read();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}
