import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { isEnclosError } from '@enclos/errors';
import { until } from '@enclos/testkit';
import { servingCertificate } from '../src/server/certificate-files.ts';
import type { KeyPair } from '../src/server/webhook-server.ts';
import { keepAlive, post } from './clients.ts';
import { otherPods } from './pods.ts';
import { reviewOf } from './reviews.ts';
import { start, type Running } from './running.ts';
import { makeTrust, type Trust } from './trust.ts';

const review = reviewOf(otherPods['without labels'] ?? {});
const fingerprintOf = ({ cert }: KeyPair): string => new X509Certificate(cert).fingerprint256;

/** A folder that changes as the kubelet changes a mounted Secret: files are links through `..data`, which is renamed. */
class MountedSecret {
  readonly folder: string;
  #version = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  async put({ cert, key }: KeyPair): Promise<void> {
    const version = `..v${(this.#version += 1)}`;
    await mkdir(join(this.folder, version));
    await writeFile(join(this.folder, version, 'tls.crt'), cert);
    await writeFile(join(this.folder, version, 'tls.key'), key);
    await symlink(version, join(this.folder, '..data_tmp'));
    await rename(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    if (this.#version === 1) {
      for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), join(this.folder, name));
    } else {
      await rm(join(this.folder, `..v${this.#version - 1}`), { recursive: true });
    }
  }

  get files() {
    return {
      readCertificate: () => readFile(join(this.folder, 'tls.crt'), 'utf8'),
      readKey: () => readFile(join(this.folder, 'tls.key'), 'utf8'),
    };
  }
}

describe('certificate files', () => {
  let [first, second]: readonly Trust[] = [];
  let folder: string;
  let running: Running;
  let secret: MountedSecret;
  const both = (): [Trust, Trust] => {
    assert.ok(first !== undefined && second !== undefined);
    return [first, second];
  };
  const events = () => running.log.map(({ event }) => event);

  before(async () => {
    [first, second] = [await makeTrust(), await makeTrust()];
    folder = await mkdtemp(join(tmpdir(), 'enclos-admission-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('that the kubelet changes are taken for new connections, and old connections go on', async () => {
    const [old, next] = both();
    secret = new MountedSecret(await mkdtemp(join(folder, 'mount-')));
    await secret.put(old);
    running = await start({ files: secret.files, reloadMs: 20 });
    const agent = keepAlive();
    assert.equal((await post(running.port, old, review, { agent })).fingerprint, fingerprintOf(old));
    await secret.put(next);
    await until('the next certificate is served', () => events().includes('certificate-replaced'));
    assert.equal((await post(running.port, old, review, { agent })).fingerprint, fingerprintOf(old));
    assert.equal((await post(running.port, next, review)).fingerprint, fingerprintOf(next));
    await assert.rejects(post(running.port, old, review), 'the old authority did not sign the new certificate');
    assert.match(await running.metrics(), /^enclos_admission_certificate_reloads_total\{result="replaced"\} 1$/m);
    await running.stop();
  });

  test('change under load without one request that fails', async () => {
    const pairs = both();
    const trust = { ...pairs[0], bundle: pairs[0].bundle + pairs[1].bundle };
    secret = new MountedSecret(await mkdtemp(join(folder, 'mount-')));
    await secret.put(pairs[0]);
    running = await start({ files: secret.files, reloadMs: 5 });
    const state = { isDone: false };
    const seen = new Set<string>();
    const agent = keepAlive();
    const clients = [{}, { agent }].map(async (options) => {
      while (!state.isDone) {
        const { status, fingerprint } = await post(running.port, trust, review, options);
        assert.equal(status, 200);
        seen.add(fingerprint);
      }
    });
    for (let i = 1; i <= 10; i++) {
      await secret.put(pairs[i % 2] ?? pairs[0]);
      await until(
        `${i} certificates have been replaced`,
        () => events().filter((event) => event === 'certificate-replaced').length >= i,
      );
    }
    state.isDone = true;
    await Promise.all(clients);
    assert.deepEqual(seen, new Set(pairs.map(fingerprintOf)));
    await running.stop();
  });

  test('that do not fit, are gone or are nothing leave what is served, and are told of once', async () => {
    const [old, next] = both();
    let current: KeyPair | undefined = old;
    const read = (part: 'cert' | 'key') => () =>
      current === undefined ? Promise.reject(new Error('ENOENT: no such file')) : Promise.resolve(current[part]);
    running = await start({ files: { readCertificate: read('cert'), readKey: read('key') }, reloadMs: 10 });
    const refusals = () => running.log.filter(({ event }) => event === 'certificate-refused');
    const bad: readonly (KeyPair | undefined)[] = [
      { cert: next.cert, key: old.key },
      undefined,
      { cert: 'x', key: old.key },
    ];
    for (const [index, pair] of bad.entries()) {
      current = pair;
      await until('the certificate is refused', () => refusals().length === index + 1);
      await delay(50);
      assert.equal(refusals().length, index + 1);
      assert.equal((await post(running.port, old, review)).fingerprint, fingerprintOf(old));
    }
    current = next;
    await until('the next certificate is served', () => events().includes('certificate-replaced'));
    assert.equal((await post(running.port, next, review)).fingerprint, fingerprintOf(next));
    assert.ok(!JSON.stringify(running.log).includes('PRIVATE'));
    await running.stop();
  });

  test('whose certificate has ended make the server unready, and a new one makes it ready again', async () => {
    const [old] = both();
    const ended = await makeTrust(new Date(Date.now() - 91 * 24 * 60 * 60_000));
    let current = ended;
    running = await start({
      files: { readCertificate: () => Promise.resolve(current.cert), readKey: () => Promise.resolve(current.key) },
      reloadMs: 10,
    });
    assert.equal(await running.ready(), 503);
    current = old;
    await until('the next certificate is served', () => events().includes('certificate-replaced'));
    assert.equal(await running.ready(), 200);
    await running.stop();
  });

  test('that cannot be served with are refused', () => {
    const [old, next] = both();
    for (const pair of [
      { ...old, key: next.key },
      { ...old, key: '' },
      { ...old, cert: old.key },
      { cert: '', key: '' },
    ]) {
      assert.throws(
        () => servingCertificate(pair),
        (error) => isEnclosError(error, 'ADMISSION_CERTIFICATE_REFUSED') && !error.message.includes('BEGIN'),
      );
    }
  });
});
