import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytes, defineInterface, func, string } from '@enclos/edl';
import { generateGo } from '@enclos/edl-go';
import { enclos, errorOf, repository, temporaryFolder } from '../../cli.ts';

const notes = defineInterface({
  name: 'notesOf',
  trusted: { keep: func({ text: string({ maxBytes: 1000 }) }, bytes({ maxBytes: 2000 })) },
  untrusted: { approve: func({}, string({ maxBytes: 10 })) },
});

const source = `import { bytes, defineInterface, func, string } from '@enclos/edl';

export const notes = defineInterface({
  name: 'notesOf',
  trusted: { keep: func({ text: string({ maxBytes: 1000 }) }, bytes({ maxBytes: 2000 })) },
  untrusted: { approve: func({}, string({ maxBytes: 10 })) },
});
`;

function project(json: object): string {
  const folder = temporaryFolder();
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/notes.edl.ts'), source);
  const program = { file: 'bin/notes' };
  writeFileSync(
    join(folder, 'enclave.json'),
    JSON.stringify({ name: 'notes', productId: 1, securityVersion: 1, program, ...json }),
  );
  return folder;
}

test('writes the Go side of the interface of a project, and says when it is out of date', async () => {
  const cwd = project({ interface: 'src/notes.edl.ts' });
  const argv = ['go', 'interface', '--package', 'notes', '--out', 'notes.go'];
  const missing = await enclos([...argv, '--check', '--json'], { cwd });
  assert.deepEqual([missing.code, errorOf(missing).code], [2, 'CLI_EDL_OUTDATED']);
  assert.equal((await enclos(argv, { cwd })).code, 0);
  assert.equal(readFileSync(join(cwd, 'notes.go'), 'utf8'), generateGo(notes, { packageName: 'notes' }));
  assert.equal((await enclos([...argv, '--check'], { cwd })).code, 0);
});

test('prints that of a module, in a package with the name of the interface', async () => {
  const { code, stdout } = await enclos(['go', 'interface', 'src/notes.edl.ts'], { cwd: project({}) });
  assert.equal(code, 0);
  assert.equal(stdout, generateGo(notes, { packageName: 'notesof' }));
});

test('a project whose program has no interface, and a name that Go does not take, are refused', async () => {
  const cwd = project({});
  const none = await enclos(['go', 'interface', '--json'], { cwd });
  assert.deepEqual([none.code, errorOf(none).code], [2, 'CLI_USAGE']);
  const named = await enclos(['go', 'interface', 'src/notes.edl.ts', '--package', 'My-Notes', '--json'], { cwd });
  assert.equal(errorOf(named).code, 'EDL_INVALID_INTERFACE');
});
