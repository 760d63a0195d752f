import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { gramineManifest, type GramineManifestSettings, type TrustedFile } from '../../src/gramine-host/index.ts';

/** What an independent reader of TOML makes of a text. */
const parsed = (text: string): unknown => JSON.parse(JSON.stringify(parse(text)));

const mebibyte = 2 ** 20;
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Everything that a path may hold: quotes, backslashes and all of Unicode, but no slash and no control character. */
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\p{Cc}\p{Cs}]/u.test(text) && text !== '.' && text !== '..');
const file = fc.record({ path: segment.map((name) => `/opt/${name}`), sha256: digest });
const files = fc.uniqueArray(file, { minLength: 2, maxLength: 6, selector: ({ path }) => path });
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !/[\0\p{Cs}]/u.test(value));
const name = fc.stringMatching(/^V[A-Za-z0-9_]{0,10}$/);
const variables = fc.uniqueArray(fc.tuple(name, text, fc.boolean()), { maxLength: 5, selector: ([word]) => word });

const settings: fc.Arbitrary<GramineManifestSettings> = fc
  .record({
    files,
    variables,
    libos: file,
    arguments: fc.array(text, { maxLength: 5 }),
    enclaveSizeBytes: fc.integer({ min: 29, max: 40 }).map((exponent) => 2 ** exponent),
    threads: fc.integer({ min: 16, max: 1024 }),
    debug: fc.boolean(),
    productId: fc.nat(65_535),
    securityVersion: fc.nat(65_535),
    edmm: fc.boolean(),
    hostEventfd: fc.boolean(),
  })
  .map(({ files: [interpreter, image, ...trustedFiles], variables: all, ...rest }) => ({
    ...rest,
    interpreter: required(interpreter),
    image: required(image),
    trustedFiles,
    environment: all.filter(([, , fromHost]) => !fromHost).map(([word, value]) => ({ name: word, value })),
    environmentFromHost: all.filter(([, , fromHost]) => fromHost).map(([word]) => word),
  }));

function required(given: TrustedFile | undefined): TrustedFile {
  assert.ok(given !== undefined);
  return given;
}

/** The meaning that the settings have in Gramine's syntax, made from plain values and not from text. */
function meaning(of: GramineManifestSettings): unknown {
  const { environment = [], environmentFromHost = [], hostEventfd = false } = of;
  const all = [of.interpreter, of.image, ...of.trustedFiles].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    loader: {
      log_level: 'error',
      entrypoint: { uri: `file:${of.libos.path}`, sha256: toHex(of.libos.sha256) },
      argv: [of.interpreter.path, ...of.arguments],
      ...(environment.length + environmentFromHost.length === 0
        ? {}
        : {
            env: Object.fromEntries([
              ...environment.map(({ name: word, value }): [string, unknown] => [word, value]),
              ...environmentFromHost.map((word): [string, unknown] => [word, { passthrough: true }]),
            ]),
          }),
    },
    libos: { entrypoint: of.interpreter.path },
    fs: { mounts: all.map(({ path }) => ({ path, uri: `file:${path}` })) },
    sys: {
      stack: { size: '2M' },
      enable_sigterm_injection: false,
      enable_extra_runtime_domain_names_conf: false,
      disallow_subprocesses: true,
      ...(hostEventfd ? { insecure__allow_eventfd: true } : {}),
    },
    sgx: {
      debug: of.debug,
      edmm_enable: of.edmm ?? false,
      enclave_size: `${of.enclaveSizeBytes / mebibyte}M`,
      max_threads: of.threads,
      isvprodid: of.productId,
      isvsvn: of.securityVersion,
      remote_attestation: 'dcap',
      file_check_policy: 'strict',
      use_exinfo: false,
      seal_key: {
        flags_mask: '0xff00000000000003',
        xfrm_mask: '0x0000000000000000',
        misc_mask: '0xf0000000',
      },
      trusted_files: all.map(({ path, sha256 }) => ({ uri: `file:${path}`, sha256: toHex(sha256) })),
    },
  };
}

/** Keys that Gramine 1.9 knows (`GramineManifestSchema` of its gramine-manifest-check): it refuses others. */
const knownKeys =
  /^(?:loader\.(?:log_level|entrypoint\.(?:uri|sha256)|argv|env\.\w+(?:\.passthrough)?)|libos\.entrypoint|fs\.mounts|sys\.(?:stack\.size|enable_sigterm_injection|enable_extra_runtime_domain_names_conf|disallow_subprocesses|insecure__allow_eventfd)|sgx\.(?:debug|edmm_enable|enclave_size|max_threads|isvprodid|isvsvn|remote_attestation|file_check_policy|use_exinfo|seal_key\.(?:flags|xfrm|misc)_mask|trusted_files))$/;

function keysOf(value: unknown, prefix = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, prefix === '' ? key : `${prefix}.${key}`));
}

describe('a Gramine manifest, read by a TOML parser of others,', () => {
  test('means what its settings mean, whatever they hold', () => {
    fc.assert(
      fc.property(settings, (given) => {
        assert.deepEqual(parsed(gramineManifest(given)), meaning(given));
      }),
    );
  });

  test('has no key that Gramine does not know', () => {
    fc.assert(
      fc.property(settings, (given) => {
        for (const key of keysOf(parsed(gramineManifest(given)))) assert.match(key, knownKeys);
      }),
      { numRuns: 20 },
    );
  });
});
