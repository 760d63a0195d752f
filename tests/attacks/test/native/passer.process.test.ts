import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '@enclos/process-kit';
import { compileAttacks, compilerAbsence } from '../../src/native/machine.ts';
import { openPasser } from '../../src/native/passer.ts';

const folder = mkdtempSync('/tmp/enclos-passer-');
const path = join(folder, 'p');
let program = '';
let peers: Server;
let passage: Server;

before(async () => {
  if (compilerAbsence !== false) return;
  program = compileAttacks(folder);
  peers = createServer().listen(0, '127.0.0.1');
  passage = createServer().listen(path);
  await Promise.all([once(peers, 'listening'), once(passage, 'listening')]);
});
after(() => {
  peers?.close();
  passage?.close();
  rmSync(folder, { recursive: true });
});

test(
  'the hostile host sends what it is told, keeps a copy, and hears the enclave',
  { skip: compilerAbsence },
  async () => {
    // A server of TCP has an address of this kind.
    const { port } = peers.address() as AddressInfo;
    const connected = once(passage, 'connection') as Promise<[Socket]>;
    const passer = await openPasser(program, path, port);
    const [enclave] = await connected;
    const accepted = once(peers, 'connection') as Promise<[Socket]>;
    const number = await passer.send('tcp', Uint8Array.of(1, 2), 1);
    assert.deepEqual((await once(enclave, 'data'))[0], Buffer.of(1, 2));
    const [peer] = await accepted;
    peer.write('abc');
    assert.equal(await passer.use('read', number), 3);
    // The end may come before the answer does.
    const ended = once(peer.resume(), 'end');
    await passer.use('half', number);
    await ended;
    assert.equal(await passer.send('memory', Uint8Array.of(3), 250), number + 1);
    enclave.write('heard');
    await until('it hears', () => passer.heard().length === 5);
    enclave.destroy();
    await passer.over;
    await assert.rejects(passer.send('memory', Uint8Array.of(3)), /EPIPE/);
    passer.close();
  },
);
