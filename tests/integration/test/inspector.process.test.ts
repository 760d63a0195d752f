import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { loadEnclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { createWorkshop, type SignedImage } from '@enclos/process-kit';
import { probe } from '@enclos/process-kit/enclaves/probe';
import { connectPeer } from '@enclos/process-kit/hostile/platform-peer';
import { until } from '@enclos/process-kit/processes/process-watch';
import { descendants } from '@enclos/process-kit/processes/processes';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let production: SignedImage;
let debug: SignedImage;
before(async () => {
  [platform, production, debug] = await Promise.all([
    workshop.startPlatform('inspected'),
    workshop.signed('probe'),
    workshop.signed('probe', { debug: true }),
  ]);
});
after(() => workshop.close());

const refused = (error: unknown): boolean => isEnclosError(error, 'LAUNCH_INSPECTOR_REFUSED');

/** The words of the interpreters that run below the platform. */
function commandLines(): readonly string[] {
  return descendants(platform.processId).flatMap((id) => {
    try {
      return [readFileSync(`/proc/${id}/cmdline`, 'utf8')];
    } catch {
      return [];
    }
  });
}

describe('the inspector', () => {
  test('of a production enclave is refused by the platform', async () => {
    await assert.rejects(platform.launch({ ...production, debug: false, isolation: 'best', inspector: true }), refused);
  });

  test('of a production image that is launched as a debug enclave is refused, as every such launch is', async () => {
    await assert.rejects(platform.launch({ ...production, debug: true, isolation: 'best', inspector: true }), (error) =>
      isEnclosError(error, 'LAUNCH_DEBUG_REFUSED'),
    );
  });

  test('of a production enclave is refused to a host that speaks the protocol by hand', async () => {
    const peer = await connectPeer(platform.socketPath);
    try {
      const request = { signature: production.signature, debug: false, isolation: 'best', inspector: true } as const;
      await assert.rejects(
        peer.platform.initialize({ ...request, upload: await peer.upload(production.image) }),
        refused,
      );
    } finally {
      peer.destroy();
    }
  });

  test('of a production enclave is refused by the host SDK before anything is launched', async () => {
    const launched: unknown[] = [];
    const launcher = {
      ...platform,
      launch: (request: Parameters<typeof platform.launch>[0]) => (launched.push(request), platform.launch(request)),
    };
    const developerTool = {
      inspects: true,
      logLevel: () => 3,
      started: () => undefined,
      takeInspector: () => undefined,
    };
    const options = { ...production, launcher, interface: probe, isolation: 'best', developerTool } as const;
    const untrusted = {
      note: () => undefined,
      answer: () => '',
      nest: () => 0,
      holding: () => undefined,
      aborted: () => undefined,
    };
    const mounts = { '/state': '/nonexistent', '/config': '/nonexistent' };
    const trustedFiles = { '/models/small.bin': '/nonexistent', '/models/large.bin': '/nonexistent' };
    await assert.rejects(loadEnclave({ ...options, untrusted, mounts, trustedFiles }), refused);
    assert.deepEqual(launched, []);
  });

  test('is not there unless it is asked for, in a debug enclave either', async () => {
    const enclave = await platform.launch({ ...debug, debug: true, isolation: 'best' });
    try {
      assert.equal(enclave.inspector, undefined);
      assert.ok(enclave.isolation.every(({ name }) => name !== 'inspector'));
      const found = (): readonly string[] => commandLines().filter((line) => line.includes('--permission'));
      await until('the interpreter runs', () => found().length > 0);
      const [words = ''] = found();
      assert.match(words, /--disable-sigusr1/);
      assert.doesNotMatch(words, /--inspect|--allow-inspector|--allow-worker|connectToMainThread/);
    } finally {
      await enclave.terminate();
    }
  });

  test('is listed as a layer that is missing, and leaves the others', async () => {
    const { layers } = await platform.describe();
    const enclave = await platform.launch({ ...debug, debug: true, isolation: 'best', inspector: true });
    try {
      const own = enclave.isolation.filter(({ name }) => name === 'inspector');
      assert.deepEqual(
        own.map(({ active }) => active),
        [false],
      );
      assert.deepEqual(
        enclave.isolation.filter(({ name }) => name !== 'inspector'),
        layers,
      );
      assert.notEqual(enclave.inspector, undefined);
    } finally {
      await enclave.terminate();
    }
  });

  test('takes nonsense without an end, and its end does not end the enclave', async () => {
    const enclave = await platform.launch({ ...debug, debug: true, isolation: 'best', inspector: true });
    try {
      const { inspector } = enclave;
      assert.ok(inspector !== undefined);
      inspector.write(
        '+\n{"id":1,"method":"No.suchMethod"}\n{"id":2,"method":7}\n-\n-\n+\n{"id":3,"method":"Runtime.enable"}\n!\n',
      );
      let text = '';
      for await (const chunk of inspector) {
        text += String(chunk);
        if (/"id":3,"result"/.test(text)) break;
      }
      assert.match(text, /"id":1,"error"/);
      assert.match(text, /"id":2,"error"/);
      const first = await Promise.race([
        enclave.exited,
        new Promise((resolve) => setTimeout(() => resolve('runs'), 500)),
      ]);
      assert.equal(first, 'runs');
    } finally {
      await enclave.terminate();
    }
  });
});
