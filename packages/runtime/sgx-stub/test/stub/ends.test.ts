import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { saidBy, until } from '@enclos/testkit';
import { AnswerKind, encodeGateRequest, StubExit } from '../../src/wire/index.ts';
import { stubTest, stubWith } from './builds.ts';
import { Command, layout } from './enclave.ts';
import { withStub, type TestGate } from './process.ts';

const write = (gate: TestGate, change: object): unknown =>
  gate.stream.write(Buffer.concat([...encodeGateRequest(gate.request(change))]));

const gateEnd = { code: StubExit.GATE_BROKEN, signal: null };
const platformEnd = { code: StubExit.PLATFORM_BROKEN, signal: null };

stubTest('the end of a gate ends the process', () =>
  withStub({}, async (gate, { end }) => {
    gate.stream.destroy();
    assert.deepEqual(await end, gateEnd);
  }),
);

stubTest('half an end of a gate ends it too', () =>
  withStub({}, async (gate, { end }) => {
    gate.stream.end();
    assert.deepEqual(await end, gateEnd);
  }),
);

stubTest('the end of one of several gates ends them all', () =>
  withStub({ enclave: { threads: 3 } }, async (_gate, { gates, end }) => {
    gates[1]?.stream.destroy();
    assert.deepEqual(await end, gateEnd);
  }),
);

stubTest('the end of a gate in the middle of a request ends the process', () =>
  withStub({}, async (gate, { end }) => {
    gate.stream.write(Buffer.alloc(100, 1));
    gate.stream.end();
    assert.deepEqual(await end, gateEnd);
  }),
);

stubTest('the end of the platform ends the process, whatever the threads do', async () => {
  await withStub({}, async (_gate, { platform, end }) => {
    platform.destroy();
    assert.deepEqual(await end, platformEnd);
  });
  await withStub({}, async (gate, { platform, end }) => {
    write(gate, { rdi: Command.spin });
    platform.destroy();
    assert.deepEqual(await end, platformEnd);
  });
});

stubTest('a host that leaves an enclave which never returns ends it', () =>
  withStub({}, async (gate, { end }) => {
    write(gate, { rdi: Command.spin });
    gate.stream.destroy();
    assert.deepEqual(await end, gateEnd);
  }),
);

stubTest('the end of the platform while it is asked ends the process', () =>
  withStub({}, async (gate, { platform, end }) => {
    platform.removeAllListeners('data');
    platform.once('data', () => platform.destroy());
    const at = (offset: number): bigint => gate.hello.enclaveBase + BigInt(offset);
    write(gate, { rdi: Command.key, rsi: at(layout.data), rdx: at(layout.data + 512) });
    assert.deepEqual(await end, platformEnd);
  }),
);

stubTest('an enclave that leaves without EEXIT ends itself', () =>
  withStub({}, async (gate, { end }) => {
    write(gate, { rdi: Command.back });
    assert.deepEqual(await end, { code: StubExit.FAULT, signal: null });
  }),
);

stubTest('an enclave that runs over its stack has an exception', () =>
  withStub({}, async (gate) => {
    const answer = await gate.send({ rdi: Command.deep, rdx: gate.hello.enclaveBase + BigInt(layout.data + 64) });
    assert.deepEqual([answer.kind, answer.reason], [AnswerKind.EXCEPTION, 14]);
  }),
);

/** A process that nobody waits for stays as a zombie. */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

stubTest('nothing is left of a stub whose parent is killed', async () => {
  // The parent holds the other ends of all its descriptors.
  const path = await stubWith();
  const program = `const { spawn } = require('node:child_process');
    const child = spawn(${JSON.stringify(path)}, [], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: {} });
    child.stdio[5].once('data', () => console.log('pid ' + child.pid + ';'));`;
  const parent = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await saidBy(parent, ';');
  const [, pid = ''] = /pid (\d+);/.exec(said) ?? [];
  assert.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until('the stub is gone', () => !isAlive(pid));
});
