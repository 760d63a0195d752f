import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { forbiddenBuiltins, signEnclave } from '@enclos/build';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { hostile } from '../enclaves/hostile/hostile.edl.ts';
import { hostileImage } from '../src/hostile-image.ts';
import { createWorkshop, signingKey, type SignedImage } from '../src/index.ts';

const workshop = createWorkshop();
after(() => workshop.close());

type Hostile = Enclave<(typeof hostile)['trusted']>;

let signed: SignedImage;
before(async () => {
  const built = await workshop.build('hostile', { bootModule: './hostile-boot.ts' });
  const image = hostileImage(built.image);
  signed = { image, signature: signEnclave({ image, key: signingKey('second'), date: new Date('2026-06-01') }) };
});

const load = (launcher: EmbeddedPlatform, isolation: 'strict' | 'best'): Promise<Hostile> =>
  loadEnclave({ ...signed, launcher, isolation, interface: hostile, untrusted: {} });

/** Layers that are there on every machine, and what a hostile enclave can do under these alone. */
describe('a hostile enclave on a machine without util-linux', () => {
  let platform: EmbeddedPlatform;
  let enclave: Hostile;

  before(async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      platform = await workshop.startPlatform('bare');
    } finally {
      process.env['PATH'] = path;
    }
    enclave = await load(platform, 'best');
  });
  after(() => enclave.dispose());

  test('has no layer but those of the platform itself', () => {
    assert.deepEqual(
      enclave.isolation.filter(({ active }) => active).map(({ name }) => name),
      ['interpreter', 'authority', 'environment'],
    );
  });

  test('strict isolation does not load there', async () => {
    await assert.rejects(load(platform, 'strict'), { code: 'ISOLATION_UNAVAILABLE' });
  });

  test('no attempt to reach the machine succeeds', async () => assertRefused(enclave));

  test('every forbidden module of Node is refused by the loader', async () => {
    for (const name of Object.keys(forbiddenBuiltins).flatMap((found) => [found, `node:${found}`])) {
      const { detail } = await enclave.call.requireModule({ name });
      assert.equal(detail, `Error: An enclave has no module ${name}.`);
    }
  });

  test('what honest libraries need is there', async () => assertNeeds(enclave));
});

describe('a hostile enclave under strict isolation', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  let enclave: Hostile;

  before(async () => {
    enclave = await load(await workshop.startPlatform('strict'), 'strict');
  });
  after(() => enclave.dispose());

  test('every layer is there', () => {
    assert.deepEqual(
      enclave.isolation.filter(({ active }) => !active),
      [],
    );
  });
  test('no attempt to reach the machine succeeds', async () => assertRefused(enclave));
  test('what honest libraries need is there', async () => assertNeeds(enclave));
});

async function assertRefused(enclave: Hostile): Promise<void> {
  const names = await enclave.call.attempts();
  assert.ok(names.length > 40);
  const outcomes = [];
  for (const name of names) {
    const outcome = await enclave.call.attempt({ name });
    if (process.env['SHOW']) console.log(`${outcome.succeeded ? '!!' : 'ok'} ${name}: ${outcome.detail}`);
    outcomes.push({ name, ...outcome });
  }
  assert.deepEqual(
    outcomes.filter(({ succeeded }) => succeeded),
    [],
  );
}

async function assertNeeds(enclave: Hostile): Promise<void> {
  const failed: string[] = [];
  for (const name of await enclave.call.needs()) {
    const { succeeded, detail } = await enclave.call.need({ name });
    if (!succeeded) failed.push(`${name}: ${detail}`);
  }
  assert.deepEqual(failed, []);
}
