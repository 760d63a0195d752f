import { join } from 'node:path';
import { createMachine, createVendor } from '../src/index.ts';
import { now, testKey } from './support.ts';

/** Run as a process of its own: creates a vendor and a machine in the folder that is its argument. */
const folder = process.argv[2] ?? '';
// Loaded before the start signal, so that the kills hit the creation and not the loading.
await import('reflect-metadata');
await import('@peculiar/x509');
process.stdout.write('ready\n');
const machine = await createMachine(join(folder, 'machine'), { separation: 'separated' });
const vendor = await createVendor(join(folder, 'vendor'), { now, quotingSigningKey: testKey('vendor') });
process.stdout.write(`${JSON.stringify({ ppid: machine.ppid, root: vendor.rootFingerprint })}\n`);
