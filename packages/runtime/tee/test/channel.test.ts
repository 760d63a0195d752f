import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, createDispatcher, defineInterface, func } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { openChannel } from '../src/index.ts';
import { duplexPair } from '@enclos/testkit';

const protocol = defineInterface({
  name: 'example',
  trusted: { ping: func({}, bytes({ exactBytes: 1 })) },
  untrusted: {},
});
const none = new Uint8Array(0);

test('a channel has one table: its functions have no second name', async () => {
  const [left, right] = duplexPair();
  const serve = createDispatcher(protocol.trusted, { ping: () => Uint8Array.of(7) });
  const refuse = (): Promise<Uint8Array> => Promise.reject(new Error('not served'));
  const server = openChannel({
    stream: left,
    initiator: false,
    protocol,
    serve: (index, payload) => serve(index, payload, undefined),
  });
  const client = openChannel({ stream: right, initiator: true, protocol, serve: refuse });
  await client.ready;
  assert.deepEqual(await client.invoke(0, 0, none), Uint8Array.of(7));
  await assert.rejects(client.invoke(1, 0, none), (error) => isEnclosError(error, 'EDL_UNKNOWN_FUNCTION'));
  assert.deepEqual(await client.invoke(0, 0, none), Uint8Array.of(7));
  await Promise.all([client.close(), server.closed]);
});
