import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startEnclave } from '@enclos/testing';
import { app, serverName } from '../src/greeter-app.edl.ts';

test('a bid wins only if it is the highest, and no other request is known', async () => {
  const enclave = await startEnclave(app, {
    untrusted: { endorsements: () => '' },
    // Any free port.
    listen: { clients: { port: 0 } },
  });
  // src/client.ts checks whose key it is. This test is about what the enclave answers.
  const client = connect({ ...enclave.listeners['clients'], servername: serverName, rejectUnauthorized: false });
  const answers = createInterface({ input: client });
  const ask = async (request: string): Promise<string> => {
    client.write(`${request}\n`);
    return String((await once(answers, 'line'))[0]);
  };
  assert.equal(await ask('bid 000000120'), 'highest');
  assert.equal(await ask('bid 000000120'), 'too low');
  assert.equal(await ask('bid 000000121'), 'highest');
  assert.equal(await ask('bid 122'), 'unknown');
  client.destroy();
});
