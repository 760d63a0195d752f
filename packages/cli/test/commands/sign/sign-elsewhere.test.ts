import assert from 'node:assert/strict';
import { createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { enclos, errorOf, newProject, signingKey } from '../../cli.ts';

const folder = await newProject('greeter');
await enclos(['build'], { cwd: folder });
const at = (name: string): string => join(folder, name);
writeFileSync(at('test.pem'), signingKey(), { mode: 0o600 });
writeFileSync(at('test.pub.pem'), createPublicKey(signingKey()).export({ type: 'spki', format: 'pem' }));
const run = (...argv: readonly string[]) => enclos(['sign', ...argv], { cwd: folder });
const attach = ['--attach', 'greeter.signature', '--public-key', 'test.pub.pem'];

test('prepare writes the bytes to sign and a summary, and says the same', async () => {
  const ran = await run('--prepare', '--date', '2026-01-31');
  assert.equal(ran.code, 0, ran.stderr);
  const bytes = readFileSync(at('.enclos/greeter.tosign'));
  assert.equal(bytes.length, 256);
  const summary = readFileSync(at('.enclos/greeter.tosign.txt'), 'utf8');
  assert.match(
    summary,
    /^MRENCLAVE {10}[0-9a-f]{64}\nproduct {12}1\n[^]*date {15}20260131\nSHA-256 to sign {4}[0-9a-f]{64}\n/,
  );
  for (const line of summary.trimEnd().split('\n')) assert.ok(ran.stdout.includes(`  ${line}\n`), line);
});

test('attach writes what one step writes', async () => {
  writeFileSync(at('greeter.signature'), sign('sha256', readFileSync(at('.enclos/greeter.tosign')), signingKey()));
  const attached = await run(...attach, '--json');
  assert.equal(attached.code, 0, attached.stdout);
  assert.deepEqual(attached.json()['signature'], at('.enclos/greeter.sig'));
  await run('--key', 'test.pem', '--date', '2026-01-31', '--out', 'one-step.sig');
  assert.deepEqual(readFileSync(at('.enclos/greeter.sig')), readFileSync(at('one-step.sig')));
});

test('attach takes what was prepared elsewhere, and an image by its name', async () => {
  await run('.enclos/greeter.sgxs', '--prepare', '--date', '2026-02-01', '--out', 'other.tosign');
  writeFileSync(at('other.signature'), sign('sha256', readFileSync(at('other.tosign')), signingKey()));
  const attached = await run(
    '.enclos/greeter.sgxs',
    '--attach',
    'other.signature',
    '--public-key',
    'test.pub.pem',
    '--prepared',
    'other.tosign',
    '--out',
    'other.sig',
  );
  assert.match(attached.stdout, /^✔ signed \S+other\.sig\n[^]*dated 20260201\n$/, attached.stderr);
});

test('a signature over other bytes is refused as evidence, and nothing is written', async () => {
  const before = readFileSync(at('.enclos/greeter.sig'));
  writeFileSync(at('wrong.signature'), sign('sha256', Buffer.from('something else'), signingKey()));
  const ran = await run('--attach', 'wrong.signature', '--public-key', 'test.pub.pem', '--json');
  assert.deepEqual([ran.code, errorOf(ran).code], [3, 'BUILD_SIGNATURE_REFUSED']);
  assert.deepEqual(readFileSync(at('.enclos/greeter.sig')), before);
});

test('options that do not go together are refused', async () => {
  const wrong: readonly (readonly string[])[] = [
    [],
    ['--key', 'test.pem', '--prepare'],
    ['--key', 'test.pem', ...attach],
    ['--prepare', ...attach],
    ['--attach', 'greeter.signature'],
    ['--key', 'test.pem', '--public-key', 'test.pub.pem'],
    ['--prepare', '--prepared', 'x'],
    [...attach, '--date', '2026-01-31'],
  ];
  for (const argv of wrong) {
    const ran = await run(...argv);
    assert.equal(ran.code, 2, argv.join(' '));
    assert.match(ran.stderr, /CLI_USAGE/);
  }
});
