import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { collateralApp } from '@enclos/software-sgx';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import {
  bundleStore,
  fetchEndorsements,
  itemRequest,
  obtainItem,
  pccs,
  readBundle,
  writeBundle,
  type StoredItem,
} from '../src/index.ts';
import { softwareSite } from './software-site.ts';
import { inProcess, now, rejection } from './support.ts';

const site = await softwareSite();
const source = pccs({ url: 'http://127.0.0.1:1' });
const facts = { tee: 'sgx', fmspc: site.vendor.fmspc.toLowerCase(), ca: 'platform' } as const;
const app = collateralApp(site.vendor.folder, { now: () => now });
const network = inProcess((request) => app.fetch(request));

async function allItems(): Promise<readonly StoredItem[]> {
  const requests = [
    itemRequest('tcb-info', { tee: 'sgx', fmspc: facts.fmspc, baseline: 'standard' }),
    itemRequest('qe-identity', { tee: 'sgx', baseline: 'standard' }),
    itemRequest('evaluation-numbers', { tee: 'sgx' }),
    itemRequest('pck-crl', { ca: 'platform' }),
    itemRequest('root-crl'),
  ];
  return Promise.all(
    requests.map(async (request) => (await obtainItem(request, { source, network, now: () => now })).item),
  );
}

describe('a bundle', () => {
  let items: readonly StoredItem[];
  let text: string;
  before(async () => {
    items = await allItems();
    text = await writeBundle(items, now);
  });

  test('has what was put in, whatever the order, and serves a verifier without a network', async () => {
    assert.equal(await writeBundle([...items].reverse(), now), text);
    const read = await readBundle(text);
    assert.deepEqual(
      new Set(read.map(({ request }) => request.text)),
      new Set(items.map(({ request }) => request.text)),
    );
    assert.equal(await writeBundle(read, now), text);
    const refuse = async (): Promise<Response> => assert.fail('the network was asked');
    const options = { source, store: bundleStore(read), offline: true, network: refuse, now: () => now };
    const { notices, items: used } = await fetchEndorsements(facts, options);
    assert.deepEqual([notices, used.length], [[], 4]);
    await rejection(fetchEndorsements(facts, { ...options, update: 'early' }), 'ENDORSEMENTS_NOT_CACHED');
  });

  type Parsed = { format: string; entries: Record<string, string>[]; [name: string]: unknown };
  for (const [what, change] of [
    ['another format', (bundle: Parsed) => void (bundle.format = 'enclos-collateral-bundle-2')],
    ['a member more', (bundle: Parsed) => void (bundle['more'] = 1)],
    ['no entries', (bundle: Parsed) => void Reflect.deleteProperty(bundle, 'entries')],
    [
      'too many entries',
      (bundle: Parsed) => void (bundle.entries = Array.from({ length: 1025 }, () => bundle.entries[0] ?? {})),
    ],
    ['an entry twice', (bundle: Parsed) => void bundle.entries.push(bundle.entries[0] ?? {})],
    ['a member more in an entry', ({ entries: [entry = {}] }: Parsed) => void (entry['more'] = '')],
    ['an entry without a digest', ({ entries: [entry = {}] }: Parsed) => void Reflect.deleteProperty(entry, 'sha256')],
    ['a digest of something else', ({ entries: [entry = {}] }: Parsed) => void (entry['sha256'] = '00'.repeat(32))],
    ['another time', ({ entries: [entry = {}] }: Parsed) => void (entry['fetchedAt'] = '2026-06-01T12:00:01.000Z')],
    [
      'another source',
      ({ entries: [entry = {}] }: Parsed) => void (entry['source'] = 'pcs https://api.trustedservices.intel.com'),
    ],
    ['a chain taken away', ({ entries: [entry = {}] }: Parsed) => void Reflect.deleteProperty(entry, 'chain')],
  ] as const) {
    test(`with ${what} is refused, all of it`, async () => {
      const bundle = JSON.parse(text) as Parsed;
      change(bundle);
      const error = await rejection(readBundle(JSON.stringify(bundle)), 'ENDORSEMENTS_BUNDLE_INVALID');
      assert.ok(['string', 'number'].includes(typeof error.details['entry']));
    });
  }

  test('with a duplicate name, or text behind it, is refused', async () => {
    for (const bad of [text.replace('{', '{"format":"enclos-collateral-bundle-1",'), `${text}x`, '', '[]', 'null']) {
      await rejection(readBundle(bad), 'ENDORSEMENTS_BUNDLE_INVALID');
    }
  });

  test('any cut or changed character is a typed error, or changes nothing', async () => {
    const whole = JSON.stringify(JSON.parse(text));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.constantFrom('', '"', '0', '}', '\\', '\0', 'é'),
        async (at, put) => {
          try {
            const read = await readBundle(whole.slice(0, at) + put + whole.slice(at + 1));
            assert.equal(read.length, items.length);
          } catch (error) {
            assert.ok(isEnclosError(error, 'ENDORSEMENTS_BUNDLE_INVALID'), String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
