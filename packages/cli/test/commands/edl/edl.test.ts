import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';

const folder = temporaryFolder();
const edl = (...argv: readonly string[]): Promise<Ran> => enclos(['edl', ...argv], { cwd: folder });
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const good = write(
  'good.edl',
  `enclave {
    trusted { public int add(int a, int b); };
    untrusted { void show([in, string] const char* line); };
};
`,
);
const wrong = write('wrong.edl', 'enclave {\n    trusted { public void fill([in, string] int* text); };\n};\n');

describe('enclos edl check', () => {
  test('counts the functions of files that keep the rules', async () => {
    const ran = await edl('check', good);
    assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, '✔ good.edl: 1 ECALL, 1 OCALL\n', '']);
    const report = (await edl('check', good, '--json')).json();
    assert.deepEqual(report, {
      errors: 0,
      warnings: 0,
      files: [{ file: 'good.edl', read: ['good.edl'], ecalls: 1, ocalls: 1 }],
      diagnostics: [],
    });
  });

  test('refuses to check no file at all', async () => {
    for (const command of ['check', 'format']) {
      const ran = await edl(command, '--json');
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE']);
    }
  });

  test('marks what breaks a rule, in each file, with what the SDKs print', async () => {
    const ran = await edl('check', wrong, good);
    assert.equal(ran.code, 2);
    assert.match(ran.stdout, /^error .* \[edl-[a-z-]+\]\n {2}wrong\.edl:2:\d+\n {2}2 │ .*\n {4}│ +\^+\n/);
    assert.match(ran.stdout, /note: oeedger8r: invalid `string' attribute - `text' is not char pointer\n/);
    assert.match(ran.stdout, /✔ good\.edl: 1 ECALL, 1 OCALL\n✖ 1 error, 0 warnings\n$/);
    const { errors, diagnostics } = (await edl('check', wrong, '--json')).json();
    const [first] = diagnostics as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual([errors, first?.['file'], first?.['line'], first?.['severity']], [1, 'wrong.edl', 2, 'error']);
  });

  test('reads imports beside the importing file and in search paths, which colons may separate', async () => {
    for (const path of ['beside', 'one', 'two/deep']) mkdirSync(join(folder, path), { recursive: true });
    write('two/deep/far.edl', 'enclave { untrusted { void far(); }; };');
    write('beside/near.edl', 'enclave { from "far.edl" import *; untrusted { void near(); }; };');
    const main = write('beside/main.edl', 'enclave { from "near.edl" import *; trusted { public void f(); }; };');
    assert.equal((await edl('check', main)).code, 2);
    for (const argv of [
      ['--search-path', 'one:two/deep'],
      ['--search-path', 'one', '--search-path=two/deep'],
    ]) {
      const ran = await edl('check', main, ...argv);
      assert.equal(ran.code, 0, ran.stdout);
    }
    const { files } = (await edl('check', main, '--search-path', 'two/deep', '--json')).json();
    const [{ read = [] } = {}] = files as readonly { readonly read?: readonly string[] }[];
    assert.deepEqual(
      read.map((path) => path.split('/').at(-1)),
      ['main.edl', 'near.edl', 'far.edl'],
    );
  });

  test('takes definitions and warnings as the SDKs spell them', async () => {
    const conditional = write(
      'conditional.edl',
      'enclave {\n#ifdef BROKEN\nx\n#endif\ntrusted { public void f(); }; };',
    );
    assert.equal((await edl('check', conditional)).code, 0);
    for (const argv of [['-DBROKEN'], ['-D', 'BROKEN'], ['--define=BROKEN=1']]) {
      assert.equal((await edl('check', conditional, ...argv)).code, 2, argv.join(' '));
    }
    const signed = write('signed.edl', 'enclave { trusted { public void f([in, size=n] char* p, int n); }; };');
    assert.match((await edl('check', signed)).stdout, /^warning .*\[edl-[a-z-]+\]\n[^]*⚠ 0 errors, 1 warning\n$/);
    assert.equal((await edl('check', signed, '-Wno-signed-size-or-count')).stdout, '✔ signed.edl: 1 ECALL, 0 OCALLs\n');
    assert.equal((await edl('check', signed, '-Werror=signed-size-or-count')).code, 2);
    assert.equal((await edl('check', signed, '-Werror')).code, 2);
    const pointer = write('pointer.edl', 'enclave { trusted { public void f(void* p); }; };');
    assert.equal((await edl('check', pointer)).code, 0);
    assert.match((await edl('check', pointer, '-Wdialect')).stdout, /^warning /);
    assert.equal((await edl('check', pointer, '--dialect', 'intel')).code, 2);
  });

  test('refuses options that are none, and files that are not there', async () => {
    for (const argv of [['-Wnone'], ['-D1'], ['--define', '=x'], ['--dialect', 'c'], ['-X']]) {
      const ran = await edl('check', good, ...argv, '--json');
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE'], argv.join(' '));
    }
    for (const file of ['absent.edl', '.']) {
      assert.equal(errorOf(await edl('check', file, '--json')).code, 'CLI_FILE_UNREADABLE');
    }
    writeFileSync(join(folder, 'latin.edl'), Buffer.from('enclave { // \u00fc\n};', 'latin1'));
    assert.equal(errorOf(await edl('check', 'latin.edl', '--json')).code, 'CLI_FILE_INVALID');
  });

  test('an import that is not a file or too large is a problem of the importing file; one that is not text is an error', async () => {
    mkdirSync(join(folder, 'folder.edl'));
    writeFileSync(join(folder, 'bytes.edl'), Buffer.from([0xff, 0xfe, 0]));
    writeFileSync(join(folder, 'large.edl'), Buffer.alloc(4 * 1024 * 1024 + 1, 0x20));
    const importing = (name: string): string =>
      write('imports.edl', `enclave { from "${name}" import *; trusted { public void f(); }; };`);
    assert.equal(errorOf(await edl('check', importing('bytes.edl'), '--json')).code, 'CLI_FILE_INVALID');
    for (const name of ['folder.edl', 'large.edl']) {
      const ran = await edl('check', importing(name), '--json');
      assert.equal(ran.code, 2, name);
      assert.ok(Number(ran.json()['errors']) > 0, name);
    }
  });

  test(
    'an import that has no end, or at whose path nothing can be, neither waits nor fills memory',
    { skip: process.platform !== 'linux' },
    async () => {
      symlinkSync('loop.edl', join(folder, 'loop.edl'));
      execFileSync('mkfifo', [join(folder, 'pipe.edl')]);
      const importing = (path: string): string =>
        write('hostile.edl', `enclave { from "${path}" import *; trusted { public void f(); }; };`);
      for (const path of ['loop.edl', 'pipe.edl', '/dev/zero', '/dev/tty', '.', `${'x'.repeat(300)}.edl`, 'x\0.edl']) {
        const { code, stdout } = await edl('check', importing(path));
        assert.equal(code, 2, path);
        assert.match(stdout, /\[edl-file-not-found\]/, path);
      }
      // It says that it is empty, and holds a number for each page of an address space.
      const { code, stdout, stderr } = await edl('check', importing('/proc/self/pagemap'));
      assert.equal(code, 2);
      assert.match(stdout + stderr, /\[edl-file-too-large\]|is not UTF-8 text|CLI_FILE_UNREADABLE/);
    },
  );

  test('a pipe is read once, however its path is written', { skip: process.platform !== 'linux' }, async () => {
    const path = join(folder, 'once.edl');
    execFileSync('mkfifo', [path]);
    const written = writeFile(path, readFileSync(join(folder, good)));
    const ran = await edl('check', './/once.edl');
    await written;
    assert.equal(ran.code, 0, ran.stdout);
  });
});

describe('enclos edl gen', () => {
  const module = join(folder, 'good.edl.ts');

  test('prints the module, or writes it unless it is up to date', async () => {
    const printed = await edl('gen', good);
    assert.match(printed.stdout, /^\/\/ Generated by `enclos edl gen` from good\.edl\. Do not edit\.\n/);
    const ran = await edl('gen', good, '--out', 'good.edl.ts');
    assert.deepEqual([ran.code, ran.stdout], [0, `✔ wrote ${module}\n`]);
    assert.equal(readFileSync(module, 'utf8'), printed.stdout);
    const { mtimeMs } = statSync(module);
    assert.equal((await edl('gen', good, '--out', 'good.edl.ts')).stdout, `✔ ${module} is up to date\n`);
    assert.equal(statSync(module).mtimeMs, mtimeMs);
  });

  test('with --check fails when the file would change, and writes nothing', async () => {
    await edl('gen', good, '--out', 'good.edl.ts');
    assert.equal((await edl('gen', good, '--out', 'good.edl.ts', '--check')).code, 0);
    writeFileSync(module, 'mine');
    const ran = await edl('gen', good, '--out', 'good.edl.ts', '--check', '--json');
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_EDL_OUTDATED']);
    assert.equal(readFileSync(module, 'utf8'), 'mine');
    rmSync(module);
    assert.equal((await edl('gen', good, '--out', 'good.edl.ts', '--check')).code, 2);
    assert.equal(errorOf(await edl('gen', good, '--check', '--json')).code, 'CLI_USAGE');
    assert.equal(errorOf(await edl('gen', good, '--out', 'none/a.ts', '--json')).code, 'CLI_SYSTEM_REFUSED');
  });

  test('shows what is wrong with the file, and its warnings beside the module', async () => {
    const ran = await edl('gen', wrong);
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /wrong\.edl:2:\d+\n[^]*EDL_FILE_REFUSED/);
    const failed = errorOf(await edl('gen', wrong, '--json'));
    assert.deepEqual([failed.code, failed.diagnostics?.length], ['EDL_FILE_REFUSED', 1]);
    const warned = await edl(
      'gen',
      write('warned.edl', 'enclave { trusted { public void f([in, size=n] char* p, int n); }; };'),
    );
    assert.deepEqual(
      [warned.code, warned.stderr.startsWith('warning '), warned.stdout.startsWith('// Generated')],
      [0, true, true],
    );
  });

  test('takes types of C headers from a file, and addresses by name', async () => {
    const file = write('foreign.edl', 'enclave { trusted { public st f(key_t k, [user_check] void* p); }; };');
    assert.equal(errorOf(await edl('gen', file, '--json')).code, 'EDL_LAYOUT_UNKNOWN');
    write('types.json', '{"st": {"type": "uint32_t"}, "key_t": {"bytes": 16, "alignment": 8}}');
    const ran = await edl('gen', file, '--foreign', 'types.json', '--allow-user-check', 'f.p');
    assert.match(
      ran.stdout,
      /readonly k: Uint8Array;\n {4}readonly p: ArenaHandle \| null;\n {2}\}\) => Promise<number>;/,
    );
    const misspelt = errorOf(await edl('gen', file, '--foreign', 'types.json', '--allow-user-check', 'f.q', '--json'));
    assert.deepEqual(
      [misspelt.code, misspelt.message],
      ['EDL_USER_CHECK_UNKNOWN', '"f.q" is not an unchecked address of the interface. Did you mean "f.p"?'],
    );
    for (const text of [
      '[]',
      '{"st": 4}',
      '{"st": {"type": 4}}',
      '{"st": {"bytes": 4}}',
      '{"st": {"bytes": 1.5, "alignment": 1}}',
      '{"st": {"type": "int", "bytes": 4}}',
      'x',
    ]) {
      write('wrong.json', text);
      const refused = await edl('gen', file, '--foreign', 'wrong.json', '--json');
      assert.deepEqual([refused.code, errorOf(refused).code], [2, 'CLI_FILE_INVALID'], text);
    }
  });
});

test('enclos edl doc describes the interface, and keeps a page up to date', async () => {
  const printed = await edl('doc', good);
  assert.match(printed.stdout, /^# Interface `good`\n/);
  await edl('doc', good, '--out', 'good.md');
  assert.equal(readFileSync(join(folder, 'good.md'), 'utf8'), printed.stdout);
  assert.equal((await edl('doc', good, '--out', 'good.md', '--check')).code, 0);
  write('good.md', 'old');
  assert.equal(errorOf(await edl('doc', good, '--out', 'good.md', '--check', '--json')).code, 'CLI_EDL_OUTDATED');
});

describe('enclos edl format', () => {
  const ugly = 'enclave{trusted{public void f();/* kept */};};\n';

  test('prints the standard form, which --write keeps and --check accepts', async () => {
    write('ugly.edl', ugly);
    const printed = await edl('format', 'ugly.edl');
    assert.match(printed.stdout, /^enclave \{\n[^]*public void f\(\);[^]*\/\* kept \*\//);
    const failed = await edl('format', 'ugly.edl', good, '--check', '--json');
    assert.deepEqual([failed.code, errorOf(failed).code], [2, 'CLI_EDL_UNFORMATTED']);
    assert.equal(readFileSync(join(folder, 'ugly.edl'), 'utf8'), ugly);
    assert.equal((await edl('format', 'ugly.edl', '--write')).stdout, '✔ formatted ugly.edl\n');
    assert.equal(readFileSync(join(folder, 'ugly.edl'), 'utf8'), printed.stdout);
    const checked = await edl('format', 'ugly.edl', '--check');
    assert.deepEqual([checked.code, checked.stdout], [0, '✔ ugly.edl is formatted\n']);
  });

  test('writes nothing when one of the files cannot be parsed', async () => {
    write('ugly.edl', ugly);
    write('broken.edl', 'enclave { trusted {');
    const ran = await edl('format', 'ugly.edl', 'broken.edl', '--write');
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /broken\.edl:1:\d+\n[^]*EDL_FILE_REFUSED/);
    assert.equal(readFileSync(join(folder, 'ugly.edl'), 'utf8'), ugly);
  });

  test('takes one file to print, and one way to go on', async () => {
    for (const argv of [
      ['ugly.edl', good],
      ['ugly.edl', '--write', '--check'],
    ]) {
      assert.equal(errorOf(await edl('format', ...argv, '--json')).code, 'CLI_USAGE');
    }
  });
});
