import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duplexPair } from '@enclos/testkit';
import { attestedConnect, createAttestedServer, createClientIdentity } from '../src/index.ts';
import { appraise, echo, startEcho, tee } from './scene.ts';

const clientIdentity = await createClientIdentity({ name: 'client.test', evidence: tee.evidenceOf('client') });

test('a client accepts a server by fresh evidence, and the two talk', async () => {
  const { address } = await startEcho();
  const { socket, evidence, mode } = await attestedConnect({ ...address, appraise });
  assert.equal(mode, 'fresh');
  assert.equal(evidence.measurement, 'server');
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.equal(await echo(socket, 'hello'), 'hello');
  socket.destroy();
});

test('cached evidence is what its name says, and has to be asked for', async () => {
  const { address } = await startEcho();
  const { socket, evidence, mode } = await attestedConnect({ ...address, appraise, leastMode: 'cached' });
  assert.deepEqual([mode, evidence.measurement], ['cached', 'server']);
  assert.equal(await echo(socket, 'hello'), 'hello');
  socket.destroy();
});

for (const leastMode of ['fresh', 'cached'] as const) {
  test(`two sides attest each other in mode ${leastMode}`, async () => {
    const { address, accepted } = await startEcho({ clients: { appraise, leastMode } });
    const { socket } = await attestedConnect({ ...address, appraise, identity: clientIdentity });
    assert.equal(await echo(socket, 'hello'), 'hello');
    assert.deepEqual(
      accepted.map(({ evidence, mode }) => [evidence?.measurement, mode]),
      [['client', leastMode]],
    );
    socket.destroy();
  });
}

test('it works over any stream, and a server that serves a list of them', async () => {
  const server = await createAttestedServer({ name: 'server.test', evidence: tee.evidenceOf('server') });
  const pairs = [duplexPair(), duplexPair(), duplexPair()];
  const inside = pairs.map(([end]) => end);
  async function* listen(): AsyncGenerator<(typeof inside)[number]> {
    yield* inside;
  }
  await server.serve(listen(), ({ socket }) => socket.pipe(socket));
  for (const [, stream] of pairs) {
    const { socket } = await attestedConnect({ stream, appraise });
    assert.equal(await echo(socket, 'over a stream'), 'over a stream');
  }
});

test('a server says why it refused a connection, and closes one whose handler fails', async () => {
  const server = await createAttestedServer({ name: 'server.test', evidence: tee.evidenceOf('server') });
  const [[first, silent], [second, outside]] = [duplexPair(), duplexPair()];
  const refusals: unknown[] = [];
  async function* listen(): AsyncGenerator<typeof first> {
    yield* [first, second];
  }
  const fails = (): never => {
    throw new Error('no');
  };
  await server.serve(listen(), fails, { onRefused: (error) => void refusals.push(error) });
  silent.end('GET / HTTP/1.1\r\n\r\n');
  const { socket } = await attestedConnect({ stream: outside, appraise });
  await new Promise((resolve) => socket.resume().once('close', resolve));
  assert.equal(refusals.length, 2);
});

test('what the server says first, and what a client says at once, arrives', async () => {
  const server = await createAttestedServer({ name: 'server.test', evidence: tee.evidenceOf('server') });
  const [inside, outside] = duplexPair();
  const accepting = server.accept(inside);
  const { socket } = await attestedConnect({ stream: outside, appraise });
  socket.write('at once');
  const { socket: peer } = await accepting;
  peer.write('first');
  assert.equal(await echo(peer, ''), '');
  const read = async (from: typeof socket): Promise<string> => {
    for await (const chunk of from) return String(chunk);
    return '';
  };
  assert.equal(await read(peer), 'at once');
  assert.equal(await read(socket), 'first');
});

test('endorsements travel with the evidence, in both modes', async () => {
  const source = tee.evidenceOf('server');
  const evidence = async (reportData: Uint8Array): Promise<{ quote: Uint8Array; endorsements: string }> => ({
    quote: (await source(reportData)) as Uint8Array,
    endorsements: 'collateral',
  });
  const { address } = await startEcho({ evidence });
  for (const leastMode of ['fresh', 'cached'] as const) {
    const { socket, evidence: found } = await attestedConnect({ ...address, appraise, leastMode });
    assert.equal(found.endorsements, 'collateral');
    socket.destroy();
  }
});
