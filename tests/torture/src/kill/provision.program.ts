import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createMachine,
  createVendor,
  enrol,
  initialCpuSvn,
  publishTcb,
  refreshVendor,
  revoke,
  setCpuSvn,
  stateFolders,
} from '@enclos/software-sgx';
import { stepCount } from '../marks.ts';

/**
 * Everything that is ever written into the folders of a vendor and a machine,
 * in an order in which it can be begun again anywhere. Says what is done when
 * it is done.
 */
const { values } = parseArgs({
  options: { state: { type: 'string', default: '' }, key: { type: 'string', default: '' } },
});
const say = (done: string, value: string | number): void => void process.stdout.write(`${done} ${value}\n`);
const now = new Date('2026-06-01T00:00:00Z');
const later = new Date('2026-06-21T00:00:00Z');
const raisedCpuSvn = Uint8Array.from(initialCpuSvn('single-user'), (byte, i) => (i === 0 ? byte + 1 : byte));

const { vendorFolder, machineFolder } = stateFolders(values.state);
const vendor = await createVendor(vendorFolder, { now, quotingSigningKey: createPrivateKey(readFileSync(values.key)) });
say('vendor', vendor.rootFingerprint);
let machine = await createMachine(machineFolder, { separation: 'single-user' });
say('machine', machine.ppid);
if (machine.pck === undefined) machine = await enrol(vendor, machine, now);
say('enrolled', machine.cpuSvn);

if (vendor.generations.length === 1) await publishTcb(vendor, { components: raisedCpuSvn.subarray(0, 15), now });
say('published', 2);
machine = await setCpuSvn(machine, raisedCpuSvn);
if (machine.pck === undefined) machine = await enrol(vendor, machine, now);
say('recovered', machine.cpuSvn);

const second = await createMachine(join(values.state, 'second'), { separation: 'single-user' });
if (vendor.revoked.length === 0) {
  const { pck } = await enrol(vendor, second, now);
  await revoke(vendor, new X509Certificate(pck?.pck ?? '').serialNumber, now);
}
say('revoked', 1);
say('refreshed', (await refreshVendor(vendor, later)).crlNumber);
say('changes', stepCount());
