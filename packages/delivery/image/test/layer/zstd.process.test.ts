import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { verifyImage, withImageSource } from '../../src/index.ts';
import { temporaryFolder } from '../sample.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const program = fileURLToPath(new URL('./zstd.program.js', import.meta.url));
const name = `node-linux-${process.arch}`;
const interpreter = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin/node');

test('layers and bases that zstd compressed are read by a Node that can, and refused with a way out by another', async () => {
  const folder = temporaryFolder();
  const { status, stderr } = spawnSync(interpreter, [program, folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const verified = withImageSource(join(folder, 'image.oci'), (source) => verifyImage(source, { architecture }));
  if ('createZstdDecompress' in zlib) await verified;
  else await assert.rejects(verified, { code: 'OCI_COMPRESSION_UNSUPPORTED' });
});
