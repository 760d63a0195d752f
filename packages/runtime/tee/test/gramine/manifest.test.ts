import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { gramineManifest, type GramineManifestSettings } from '../../src/gramine-host/index.ts';
import { tomlString } from '../../src/gramine-host/toml.ts';

const golden = join(dirname(fileURLToPath(import.meta.url)), '../../../test/gramine/golden');
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

const settings: GramineManifestSettings = {
  libos: { path: '/usr/lib/x86_64-linux-gnu/gramine/libsysdb.so', sha256: hash(1) },
  interpreter: { path: '/opt/enclos/node', sha256: hash(2) },
  image: { path: '/opt/enclos/vault.sgxs', sha256: hash(3) },
  trustedFiles: [
    { path: '/usr/lib/x86_64-linux-gnu/gramine/runtime/glibc/libc.so.6', sha256: hash(4) },
    { path: '/opt/enclos/entry.js', sha256: hash(5) },
  ],
  arguments: ['--disable-proto=delete', '/opt/enclos/entry.js', '/opt/enclos/vault.sgxs'],
  enclaveSizeBytes: 2 ** 31,
  threads: 32,
  debug: false,
  productId: 7,
  securityVersion: 2,
};

const read = (name: string): string => readFileSync(join(golden, name), 'utf8');

describe('a Gramine manifest', () => {
  test('of a production enclave', () => {
    assert.equal(gramineManifest(settings), read('production.manifest'));
  });

  test('of a debug enclave with variables, EDMM and the host’s eventfd', () => {
    const manifest = gramineManifest({
      ...settings,
      debug: true,
      edmm: true,
      hostEventfd: true,
      environment: [
        { name: 'TZ', value: 'UTC' },
        { name: 'MESSAGE', value: 'a "b" \\ c\n' },
      ],
      environmentFromHost: ['REGION'],
    });
    assert.equal(manifest, read('debug.manifest'));
  });

  test('allows nothing of the host that is not named', () => {
    const manifest = gramineManifest(settings);
    for (const name of [
      'insecure__',
      'allowed_files',
      'allow_all_but_log',
      'passthrough',
      'untrusted_shm',
      'argv_src',
    ]) {
      assert.ok(!manifest.includes(name), name);
    }
  });

  test('is the same in whatever order files and variables are named', () => {
    const environment = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ];
    const turned = {
      ...settings,
      trustedFiles: settings.trustedFiles.toReversed(),
      environment: environment.toReversed(),
    };
    assert.equal(gramineManifest(turned), gramineManifest({ ...settings, environment }));
  });

  const file = (path: string): GramineManifestSettings['image'] => ({ path, sha256: hash(9) });
  const refused: readonly [what: string, changes: Partial<GramineManifestSettings>][] = [
    ['a relative path', { image: file('vault.sgxs') }],
    ['a path that leaves its folder', { image: file('/opt/../etc/passwd') }],
    ['a path with two slashes', { image: file('/opt//vault.sgxs') }],
    ['a folder', { image: file('/opt/enclos/') }],
    ['the root', { image: file('/') }],
    ['a path with a line break', { image: file('/opt/a\nb') }],
    ['a path with half of a character', { image: file('/opt/\ud800') }],
    ['a hash of another length', { image: { path: '/a', sha256: hash(9).slice(1) } }],
    ['a file that is named twice', { image: settings.interpreter }],
    ['a size that is not a power of two', { enclaveSizeBytes: 3 * 2 ** 30 }],
    ['too small a size', { enclaveSizeBytes: 2 ** 28 }],
    ['too large a size', { enclaveSizeBytes: 2 ** 41 }],
    ['too few threads', { threads: 4 }],
    ['too many threads', { threads: 1025 }],
    ['half of a thread', { threads: 16.5 }],
    ['a product that is too large', { productId: 65_536 }],
    ['a negative security version', { securityVersion: -1 }],
    ['a NUL in an argument', { arguments: ['a\0b'] }],
    ['half of a character in an argument', { arguments: ['\udc00'] }],
    ['a name that is none', { environmentFromHost: ['A B'] }],
    ['a name that would be two keys', { environment: [{ name: 'A.B', value: '' }] }],
    ['a variable that is declared twice', { environment: [{ name: 'A', value: '' }], environmentFromHost: ['A'] }],
    ['a NUL in a value', { environment: [{ name: 'A', value: '\0' }] }],
    ...['LD_PRELOAD', 'NODE_OPTIONS', 'OPENSSL_CONF', 'SSL_CERT_FILE', 'UV_THREADPOOL_SIZE', 'GCONV_PATH'].map(
      (name): [string, Partial<GramineManifestSettings>] => [`${name} of the host`, { environmentFromHost: [name] }],
    ),
    ['too many arguments', { arguments: Array<string>(4097).fill('') }],
  ];
  for (const [what, changes] of refused) {
    test(`with ${what} is refused`, () => {
      assert.throws(() => gramineManifest({ ...settings, ...changes }), { code: 'TEE_MANIFEST_INVALID' });
    });
  }

  test('sets what it needs of these variables itself', () => {
    const manifest = gramineManifest({ ...settings, environment: [{ name: 'NODE_OPTIONS', value: '' }] });
    assert.match(manifest, /^loader\.env\.NODE_OPTIONS = ""$/m);
  });
});

test('a TOML string is one line that nothing leaves, and says what was meant', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = tomlString(text);
      assert.match(encoded, /^"(?:[^"\\\p{Cc}]|\\(?:[btnfr"\\]|u[0-9a-f]{4})|[\u0080-\u009f])*"$/u);
      // The escapes are those of JSON.
      assert.equal(JSON.parse(encoded), text);
    }),
  );
});
