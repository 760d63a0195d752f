import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { createPassingLab, passConnection, type PassingLab } from './passing-lab.ts';

let lab: PassingLab;
before(async () => {
  lab = await createPassingLab();
});
after(() => lab.close());

describe('an enclave to which sockets are passed', () => {
  test('gets a connection with its frame, and speaks with its peer', async () => {
    const { launched, passage, told } = await lab.launch();
    assert.deepEqual(await told(), ['ready', true]);
    const client = await passConnection(passage);
    assert.deepEqual(await told(), ['arrived', [1, 0, 0, 0, 1, 0, 0, 0], `127.0.0.1 ${client.localPort}`, false]);
    client.write('hello');
    const [echo] = (await once(client, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'hello');
    client.end();
    assert.deepEqual(await told(), ['closed']);
    await launched.terminate();
  });
});
