import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPassingLab, type PassingLab } from '../passing/lab.ts';
import {
  companionManifest,
  CompanionHost,
  descendants,
  evaluates,
  fileOf,
  manifestFileOf,
  opensCompanion,
  type LabFile,
} from './companion-lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-changed-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, bytes: Uint8Array): LabFile {
  const place = join(folder, name);
  writeFileSync(place, bytes);
  return fileOf('engine.wasm', place);
}

describe('the WebAssembly of an engine', () => {
  let lab: PassingLab;
  before(async () => (lab = await createPassingLab({})));
  after(() => lab.close());

  async function launchWith(measured: LabFile, given: LabFile): Promise<CompanionHost> {
    const manifest = companionManifest({ addons: false, files: [manifestFileOf(measured)] });
    const enclave = await lab.launch({
      body: opensCompanion,
      listen: [],
      passes: false,
      companions: [{ manifest, body: evaluates }],
      request: { files: [{ ...measured, open: () => given.open() }] },
    });
    return new CompanionHost(enclave);
  }

  test('is refused when one byte of it is another one, wherever, before a process starts that could load it', async () => {
    // A module with one memory, and a section of this run alone, so that no platform has it already.
    const name = Buffer.from(`run-${process.pid}-${Date.now()}`);
    const custom = [0, name.length + 1, name.length, ...name];
    const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1, ...custom);
    const good = written('good.wasm', module);
    const running = descendants().length;
    for (const at of [0, 12, module.length - 1]) {
      const changed = written(`changed-${at}.wasm`, module.with(at, (module[at] ?? 0) ^ 1));
      await assert.rejects(launchWith(good, changed), { code: 'LAUNCH_FILE_REFUSED' }, `byte ${at}`);
      assert.equal(descendants().length, running);
    }
    const host = await launchWith(good, good);
    assert.deepEqual(await host.next('started'), [0, 1]);
    assert.deepEqual(await host.next('said'), [0, ['hello', 1]]);
    assert.equal(await host.call('read', 'engine.wasm'), readFileSync(good.place, 'latin1'));
    await host.launched.terminate();
  });
});
