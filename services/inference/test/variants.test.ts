import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface EnclaveFile {
  readonly companions: readonly { readonly name: string; readonly addons?: boolean; readonly files: unknown }[];
}

/** What a variant must have as the other has it. */
function commonOf(file: string): unknown {
  const {
    $schema: _schema,
    name: _name,
    productId: _product,
    ...rest
  } = JSON.parse(read(file)) as Record<string, unknown> & EnclaveFile;
  return { ...rest, companions: rest.companions.map(({ addons: _addons, files: _files, ...companion }) => companion) };
}

test('the variant with WebAssembly differs in its engine alone, and loads no native code', () => {
  for (const file of ['models.json', 'service.json']) assert.equal(read(`wasm/${file}`), read(file), file);
  assert.deepEqual(commonOf('wasm/enclave.json'), commonOf('enclave.json'));
  const { companions } = JSON.parse(read('wasm/enclave.json')) as EnclaveFile;
  assert.deepEqual(
    companions.map(({ addons, files }) => ({ addons, files })),
    [
      {
        addons: undefined,
        files: [
          {
            path: 'ort-wasm-simd-threaded.wasm',
            source: 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
          },
        ],
      },
    ],
  );
});
