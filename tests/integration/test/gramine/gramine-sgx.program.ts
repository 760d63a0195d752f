import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/**
 * Stands for `gramine-sgx NAME`: does with NAME.manifest.sgx what can be done without SGX. It wants a signature, gives out
 * files only while they have their hashes (here: all of them at the start), and runs argv of the manifest with no other
 * words and no other environment. Only where the program looks for `/dev/attestation`, a preload has put a fake.
 */
const [, , name = ''] = process.argv;
if (!existsSync(`${name}.sig`)) process.exit(11);
const manifest = readFileSync(`${name}.manifest.sgx`, 'utf8');

for (const [, path = '', sha256] of manifest.matchAll(/\{ uri = "file:([^"]+)", sha256 = "([0-9a-f]{64})" \}/g)) {
  const found = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (found === sha256) continue;
  console.error(`${path} is not the file of the manifest.`);
  process.exit(12);
}

const [, list = ''] = /^loader\.argv = \[\n([^]*?)\n\]$/m.exec(manifest) ?? [];
// A basic string of TOML is one of JSON, for the characters that are in it here.
const [interpreter = '', ...words] = JSON.parse(`[${list.replace(/,\s*$/, '')}]`) as readonly string[];
const preload = new URL('device.preload.js', import.meta.url).href;
const child = spawn(interpreter, ['--import', preload, ...words], {
  stdio: 'inherit',
  env: { FAKE_GRAMINE: process.env['FAKE_GRAMINE'] ?? '' },
});
child.once('close', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
process.on('SIGTERM', () => child.kill('SIGKILL'));
