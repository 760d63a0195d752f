import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { revoke } from '@enclos/software-sgx';
import { X509Certificate } from 'node:crypto';
import { withinMs } from '@enclos/testkit';
import { fileSource } from '../../src/collateral/file-source.ts';
import { keepCollateral, type CollateralKeeper } from '../../src/collateral/keeper.ts';
import { maxCollateralBytes } from '../../src/collateral/source.ts';
import { temporaryFolder } from '../support.ts';
import { at, now, readableLog, vendorElsewhere, type ReadableLog, type VendorElsewhere } from './vendor.ts';

const folder = temporaryFolder();
let elsewhere: VendorElsewhere;
let another: VendorElsewhere;
before(async () => {
  elsewhere = await vendorElsewhere(join(folder, 'one'));
  another = await vendorElsewhere(join(folder, 'another'));
});

interface Scene {
  readonly path: string;
  readonly copyFile: string;
  readonly keeper: CollateralKeeper;
  readonly log: ReadableLog;
  readonly failures: readonly string[];
  /** The text that a person reads of the last failure. */
  readonly said: () => unknown;
}

let scenes = 0;
const opened: CollateralKeeper[] = [];
after(() => {
  for (const keeper of opened) keeper.close();
});

/** A keeper of a file with this text; without one there is no file. */
async function scene(text: string | undefined, { time = now, place = `scene-${++scenes}` } = {}): Promise<Scene> {
  const home = join(folder, place);
  mkdirSync(home, { recursive: true });
  const [path, copyFile] = [join(home, 'collateral.json'), join(home, 'copy.json')];
  if (text !== undefined) writeFileSync(path, text);
  const log = readableLog();
  const failures: string[] = [];
  const keeper = await keepCollateral({
    source: fileSource(path),
    machine: elsewhere.endorsed,
    copyFile,
    log: log.log,
    failed: (code) => failures.push(code),
    now: () => time,
  });
  opened.push(keeper);
  return { path, copyFile, keeper, log, failures, said: () => log.of('collateral-failed').at(-1)?.['message'] };
}

describe('the collateral for pods', () => {
  test('does not wait for a copy that has no end', async () => {
    mkdirSync(join(folder, 'endless'));
    symlinkSync('/dev/zero', join(folder, 'endless/copy.json'));
    const { keeper, log } = await withinMs(60_000, scene(await elsewhere.collateral(), { place: 'endless' }));
    assert.match(String(log.of('collateral-copy-unusable')[0]?.['message']), /copy\.json is not a file\./);
    assert.equal(keeper.state().unready, undefined);
  });

  test('is what the vendor signed, and is kept on disk', async () => {
    const text = await elsewhere.collateral();
    const { keeper, copyFile, log } = await scene(text);
    assert.equal(await keeper.endorsements(), text);
    assert.equal(readFileSync(copyFile, 'utf8'), text);
    const { issuedAt, endsAt, confirmedAt, unready } = keeper.state();
    assert.deepEqual(
      [issuedAt, endsAt, confirmedAt],
      [now, at(30), now].map((date) => date.getTime() / 1000),
    );
    assert.equal(unready, undefined);
    assert.equal(log.of('collateral-accepted').length, 1);
  });

  test('is there after a restart whose source is gone', async () => {
    const text = await elsewhere.collateral();
    const first = await scene(text);
    rmSync(first.path);
    const place = first.path.split('/').at(-2) ?? '';
    const second = await scene(undefined, { place });
    assert.equal(await second.keeper.endorsements(), text);
    assert.equal(second.said(), `${second.path} cannot be read: there is no such file.`);
    assert.equal(second.keeper.state().unready, undefined);
    assert.deepEqual(second.failures, ['AGENT_COLLATERAL_UNREACHABLE']);
  });

  test('is not there yet: pods get a code, and readiness says why', async () => {
    const { keeper, path } = await scene(undefined);
    await assert.rejects(keeper.endorsements(), { code: 'COLLATERAL_UNAVAILABLE' });
    assert.equal(
      keeper.state().unready,
      `there is no collateral for pods (AGENT_COLLATERAL_UNREACHABLE: ${path} cannot be read: there is no such file.)`,
    );
    writeFileSync(path, await elsewhere.collateral());
    await keeper.look();
    assert.equal(keeper.state().unready, undefined);
  });

  test('is replaced by newer, and never by older', async () => {
    const [older, newer] = [await elsewhere.collateral(), await elsewhere.collateral(16)];
    assert.notEqual(older, newer);
    const { keeper, path, said } = await scene(older, { time: at(16) });
    writeFileSync(path, newer);
    await keeper.look();
    assert.equal(await keeper.endorsements(), newer);
    writeFileSync(path, older);
    await keeper.look();
    assert.equal(await keeper.endorsements(), newer);
    const dates = 'is of 2026-06-01T12:00:00Z, older than what the agent holds, which is of 2026-06-17T12:00:00Z.';
    assert.equal(said(), `${path} ${dates}`);
    // Nothing changed, so the file stays refused.
    await keeper.look();
    assert.equal(keeper.state().lastError?.code, 'AGENT_COLLATERAL_REFUSED');
  });

  test('is never replaced by older after a restart either', async () => {
    const [older, newer] = [await elsewhere.collateral(), await elsewhere.collateral(16)];
    const first = await scene(newer, { time: at(16) });
    const place = first.path.split('/').at(-2) ?? '';
    const second = await scene(older, { place, time: at(16) });
    assert.equal(await second.keeper.endorsements(), newer);
    assert.match(String(second.said()), /older than what the agent holds/);
  });

  test('of another vendor is refused, in words', async () => {
    const { keeper, path, said, failures } = await scene(await another.collateral());
    await assert.rejects(keeper.endorsements(), { code: 'COLLATERAL_UNAVAILABLE' });
    const { fingerprint } = elsewhere.endorsed.root;
    assert.ok(
      String(said()).startsWith(`${path} is not signed by the vendor of this node, whose root is ${fingerprint}:`),
    );
    assert.deepEqual(failures, ['AGENT_COLLATERAL_REFUSED']);
  });

  test('with a changed byte is refused, in words', async () => {
    const text = await elsewhere.collateral();
    const { keeper, said, path } = await scene(text.replace('\\"tcbType\\":0', '\\"tcbType\\":0 '));
    assert.equal(keeper.state().endsAt, undefined);
    assert.match(String(said()), /is not signed by the vendor of this node/);
    writeFileSync(path, 'not JSON');
    await keeper.look();
    assert.match(String(said()), /collateral\.json is not collateral: /);
    writeFileSync(path, Uint8Array.of(0xff, 0xfe));
    await keeper.look();
    assert.equal(said(), `${path} is not UTF-8 text.`);
  });

  test('that is too large is refused before it is read, in words', async () => {
    const { path, said } = await scene(' '.repeat(maxCollateralBytes + 1));
    assert.equal(said(), `${path} has more than 1048576 bytes.`);
  });

  test('of the future is refused, with both times', async () => {
    const { path, said } = await scene(await elsewhere.collateral(40), { time: now });
    assert.match(
      String(said()),
      /was issued at 2026-\d\d-\d\dT12:00:00Z, and the clock of this node says 2026-06-01T12:00:00Z\.$/,
    );
    assert.ok(String(said()).startsWith(path));
  });

  test('that has expired is given all the same, and log and readiness say so', async () => {
    const text = await elsewhere.collateral();
    const { keeper, log } = await scene(text, { time: at(3000) });
    assert.equal(await keeper.endorsements(), text);
    assert.match(String(keeper.state().unready), /^the collateral for pods expired at 2026-\d\d-\d\dT12:00:00Z$/);
    const [line] = log.of('collateral-expired');
    assert.equal(line?.['code'], 'AGENT_COLLATERAL_EXPIRED');
    assert.match(String(line?.['message']), /^The collateral that pods get expired at 2026-/);
    assert.match(String(line?.['next']), /enclos platform publish/);
  });

  test('that revokes this node is given to pods, and readiness says so', async () => {
    const home = temporaryFolder();
    const revoking = await vendorElsewhere(home);
    const { vendor, machine } = revoking;
    const serialNumber = new X509Certificate(machine.pck?.pck ?? '').serialNumber;
    await revoke(vendor, serialNumber, now);
    const path = join(home, 'collateral.json');
    writeFileSync(path, await revoking.collateral());
    const options = { source: fileSource(path), machine: revoking.endorsed, copyFile: join(home, 'copy.json') };
    const keeper = await keepCollateral({
      ...options,
      log: readableLog().log,
      failed: () => undefined,
      now: () => now,
    });
    opened.push(keeper);
    assert.equal(await keeper.endorsements(), await revoking.collateral());
    assert.equal(keeper.state().unready, 'the vendor has revoked the certificate of this node');
  });
});

describe('a folder of collateral', () => {
  /** As the kubelet does it: files behind a link to a folder, which is replaced by a rename. */
  function mount(home: string, generation: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(join(home, generation), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, generation, name), text);
    symlinkSync(generation, join(home, '..data_tmp'));
    renameSync(join(home, '..data_tmp'), join(home, '..data'));
    for (const name of Object.keys(files)) {
      rmSync(join(home, name), { force: true });
      symlinkSync(join('..data', name), join(home, name));
    }
  }

  async function keeping(home: string): Promise<{ readonly keeper: CollateralKeeper; readonly log: ReadableLog }> {
    const log = readableLog();
    const options = { source: fileSource(home), machine: elsewhere.endorsed, copyFile: join(home, '../copy.json') };
    const keeper = await keepCollateral({ ...options, log: log.log, failed: () => undefined, now: () => at(16) });
    opened.push(keeper);
    return { keeper, log };
  }

  test('gives the one of the vendor of this node, during a rotation of roots', async () => {
    const home = join(folder, 'rotation/mount');
    const [ours, theirs] = [await elsewhere.collateral(), await another.collateral()];
    mount(home, '..1', { 'a.json': theirs, 'b.json': ours });
    const { keeper } = await keeping(home);
    assert.equal(await keeper.endorsements(), ours);
    const newer = await elsewhere.collateral(16);
    mount(home, '..2', { 'a.json': theirs, 'b.json': newer });
    await keeper.look();
    assert.equal(await keeper.endorsements(), newer);
  });

  test('with none for this node says so for each, and one without any says that', async () => {
    const home = join(folder, 'foreign/mount');
    mount(home, '..1', { 'a.json': await another.collateral(), 'b.json': '{}' });
    const { log } = await keeping(home);
    const said = String(log.of('collateral-failed').at(-1)?.['message']);
    assert.match(said, /a\.json is not signed by the vendor of this node.*b\.json is not collateral/);
    const empty = join(folder, 'empty/mount');
    mkdirSync(empty, { recursive: true });
    const none = await keeping(empty);
    assert.equal(
      none.log.of('collateral-failed').at(-1)?.['message'],
      `${empty} has no file with a name that ends in .json; it may have 1 to 16.`,
    );
  });
});
