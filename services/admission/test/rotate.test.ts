import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { readAuthority, writeAuthority } from '../src/certificates/folder.ts';
import { bundleOf, rotate, type Authority, type Rotation } from '../src/certificates/rotate.ts';
import { dnsName } from './trust.ts';

const dayMs = 24 * 60 * 60_000;
const begin = new Date('2030-01-01T00:00:00Z');
const on = (day: number): Date => new Date(begin.getTime() + day * dayMs);
const run = (kept: Partial<Authority>, day: number, renew = false): Promise<Rotation> =>
  rotate(kept, { now: on(day), name: 'test', dnsNames: [dnsName], renew });
const isSignedBy = (cert: string, bundle: string): boolean =>
  (bundle.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? []).some((issuer) =>
    new X509Certificate(cert).verify(new X509Certificate(issuer).publicKey),
  );
const refused = (error: unknown): boolean =>
  isEnclosError(error, 'ADMISSION_AUTHORITY_REFUSED') && !error.message.includes('BEGIN');

describe('an authority', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enclos-authority-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('makes what another implementation takes for the certificate of this server', async () => {
    const { authority, changes } = await run({}, 0);
    assert.deepEqual(changes, ['authority-made', 'serving-made']);
    const own = join(folder, 'openssl');
    await writeAuthority(own, authority);
    const verify = (name: string): string =>
      execFileSync(
        'openssl',
        [
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-verify_hostname',
          name,
          '-attime',
          String(on(1).getTime() / 1000),
        ].concat('-CAfile', join(own, 'ca-bundle.crt'), join(own, 'tls.crt')),
        { encoding: 'utf8', stdio: 'pipe' },
      );
    assert.match(verify(dnsName), /: OK/);
    assert.throws(() => verify('other.enclos-admission.svc'));
  });

  test('does nothing until a third of the lifetime is left', async () => {
    const { authority } = await run({}, 0);
    assert.deepEqual((await run(authority, 59)).changes, []);
    assert.deepEqual((await run(authority, 59)).authority, authority);
    const later = await run(authority, 61);
    assert.deepEqual(later.changes, ['serving-made']);
    assert.equal(later.authority.current.cert, authority.current.cert);
    assert.notEqual(later.authority.serving.key, authority.serving.key);
  });

  test('makes a serving certificate for other names, for a damaged one, and when it is told to', async () => {
    const { authority } = await run({}, 0);
    const renamed = await rotate(authority, { now: on(1), name: 'test', dnsNames: ['other.svc'], renew: false });
    assert.deepEqual(renamed.changes, ['serving-made']);
    assert.notEqual(new X509Certificate(renamed.authority.serving.cert).checkHost('other.svc'), undefined);
    const stranger = (await run({}, 0)).authority.serving;
    for (const serving of [stranger, { ...authority.serving, key: stranger.key }, { cert: 'x', key: 'y' }]) {
      assert.deepEqual((await run({ ...authority, serving }, 1)).changes, ['serving-made']);
    }
    assert.deepEqual((await run(authority, 1, true)).changes, ['serving-made']);
  });

  test('is replaced over years without a serving certificate that the bundle of the run before does not trust', async () => {
    let { authority } = await run({}, 0);
    const all = new Set<string>();
    const seen: string[] = [];
    for (let day = 7; day < 4500; day += 7) {
      const trustedBefore = bundleOf(authority);
      const next = await run(authority, day);
      ({ authority } = next);
      all.add(authority.current.cert);
      seen.push(...next.changes.filter((change) => change !== 'serving-made'));
      assert.ok(isSignedBy(authority.serving.cert, trustedBefore), `day ${day}`);
      assert.ok(isSignedBy(authority.serving.cert, bundleOf(authority)), `day ${day}`);
      const endsAt = Date.parse(new X509Certificate(authority.serving.cert).validTo);
      assert.ok(endsAt > on(day + 29).getTime(), `day ${day}`);
      assert.ok((bundleOf(authority).match(/BEGIN/g) ?? []).length <= 3);
    }
    assert.ok(all.size >= 3, String(all.size));
    assert.deepEqual(seen.slice(0, 4), [
      'authority-announced',
      'authority-replaced',
      'authority-announced',
      'authority-replaced',
    ]);
  });

  test('that ended unnoticed is made anew, or succeeded by the one that was announced', async () => {
    const { authority } = await run({}, 0);
    assert.deepEqual((await run(authority, 2000)).changes, ['authority-made', 'serving-made']);
    const announced = await run(authority, 1500);
    assert.deepEqual(announced.changes, ['authority-announced', 'serving-made']);
    const late = await run(announced.authority, 1900);
    assert.deepEqual(late.changes, ['authority-replaced', 'serving-made']);
    assert.equal(late.authority.current.cert, announced.authority.next?.cert);
    assert.equal(late.authority.previous, undefined, 'what has ended is trusted no more');
  });

  test('whose key is another, or that is none, is refused', async () => {
    const [{ authority }, other] = [await run({}, 0), await run({}, 0)];
    const { current, serving } = authority;
    for (const kept of [
      { current: { ...current, key: other.authority.current.key } },
      { current: { ...current, key: 'x' } },
      { current: { ...current, cert: 'x' } },
      { current: serving },
      { ...authority, next: { ...current, key: serving.key } },
      { ...authority, previous: 'x' },
    ]) {
      await assert.rejects(run(kept, 1), refused);
    }
  });

  test('comes back from its folder as it was, and only its owner can read it', async () => {
    const own = join(folder, 'kept');
    assert.deepEqual(await readAuthority(own), {});
    let { authority } = await run({}, 0);
    for (const day of [1500, 1600]) ({ authority } = await run(authority, day));
    // All of its parts: one that signs, one that came before, one that was announced.
    assert.ok(authority.previous !== undefined);
    authority = { ...authority, next: (await run({}, 1600)).authority.current };
    await writeAuthority(own, authority);
    assert.deepEqual(await readAuthority(own), authority);
    const names = await readdir(own);
    assert.deepEqual(names, ['ca-bundle.crt', 'ca-next.pem', 'ca-previous.crt', 'ca.pem', 'tls.crt', 'tls.key']);
    for (const name of names) assert.equal((await stat(join(own, name))).mode & 0o777, 0o600);
    assert.equal(await readFile(join(own, 'ca-bundle.crt'), 'utf8'), bundleOf(authority));
    const { next: _next, ...without } = authority;
    await writeAuthority(own, without);
    assert.deepEqual(await readAuthority(own), without);
  });

  test('that was cut off while one succeeded the other goes on', async () => {
    const own = join(folder, 'cut');
    const { authority } = await run({}, 1500);
    const announced = (await run(authority, 3000)).authority;
    await writeAuthority(own, announced);
    const succeeded = (await run(announced, 3070)).authority;
    // As far as `writeAuthority` came: the certificate before, and the new current one.
    await writeFile(join(own, 'ca-previous.crt'), succeeded.previous ?? '');
    await writeFile(join(own, 'ca.pem'), succeeded.current.cert + succeeded.current.key);
    const resumed = await run(await readAuthority(own), 3071);
    assert.deepEqual(resumed.changes, ['serving-made']);
    assert.equal(resumed.authority.current.cert, succeeded.current.cert);
    assert.equal(resumed.authority.next, undefined);
    assert.ok(bundleOf(resumed.authority).includes(announced.current.cert));
  });

  test('is not read from a folder in which a file is damaged, or a link', async () => {
    const own = join(folder, 'damaged');
    const { authority } = await run({}, 0);
    await writeAuthority(own, authority);
    await writeFile(join(own, 'ca.pem'), authority.current.cert);
    await assert.rejects(readAuthority(own), refused);
    await rm(join(own, 'ca.pem'));
    await symlink('/dev/null', join(own, 'ca.pem'));
    await assert.rejects(readAuthority(own), refused);
  });
});
