import { bundleOf, rotate } from '../src/certificates/rotate.ts';
import type { KeyPair } from '../src/server/webhook-server.ts';

export const dnsName = 'enclos-admission.enclos-admission.svc';

export interface Trust extends KeyPair {
  readonly bundle: string;
}

/** An authority and a serving certificate, as the command makes them. */
export async function makeTrust(now = new Date()): Promise<Trust> {
  const { authority } = await rotate({}, { now, name: 'test', dnsNames: [dnsName], renew: false });
  return { bundle: bundleOf(authority), ...authority.serving };
}
