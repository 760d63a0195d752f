import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createVerifierCache, INTEL_SGX_ROOT, parseCollateral, type QuoteCollateral } from '@enclos/attestation';
import { verifyQuoteSync, type SyncCrypto } from '@enclos/attestation/node';
import { verify as verifyInScript } from '@phala/dcap-qvl';
import { initSync, js_verify as verifyInWasm } from '@phala/dcap-qvl-web';
import { atLeast, type Figure } from './harness/figures.ts';
import { ratesOf, signaturesOf } from './harness/rates.ts';
import { median } from './harness/statistics.ts';
import { vector } from './harness/vectors.ts';

/** Quotes that every contender can verify, signed by Intel's keys. */
const subjects = [
  ['SGX v3', 'sgx-v3-config-and-swhardening'],
  ['TDX v4', 'tdx-v4-uptodate'],
] as const;
type Name = 'cold' | 'chains' | 'all' | 'script' | 'wasm' | 'bareCold' | 'bareTwo' | 'bareOne';
type Contenders = Readonly<Record<Name, () => void>>;

/** `verifyQuoteSync` beside the npm packages that do the same, and beside node:crypto that only checks as many signatures. */
export function benchVerifyPeers(): readonly Figure[] {
  const require = createRequire(import.meta.url);
  initSync({ module: readFileSync(require.resolve('@phala/dcap-qvl-web/dcap-qvl-web_bg.wasm')) });
  return subjects.flatMap(([label, name]) => figuresOf(label, name));
}

function figuresOf(label: string, name: string): readonly Figure[] {
  const { contenders, counts } = contendersFor(name);
  const rates = ratesOf(contenders);
  const line = (ours: Name, peer: Name, words: string, least?: number): Figure => {
    const ratio = median(rates[ours].map((rate, index) => rate / (rates[peer][index] ?? Number.NaN)));
    return {
      what: `${label}: ${words}`,
      ours: `${Math.round(median(rates[ours]))} /s`,
      peer: `${Math.round(median(rates[peer]))} /s`,
      ratio: ratio.toFixed(ratio < 10 ? 2 : 0),
      ...(least === undefined ? {} : { bound: atLeast(least, ratio) }),
    };
  };
  const modes = [
    ['cold', 'bareCold', `nothing known, ${counts.cold} signatures`, 2],
    ['chains', 'bareTwo', `collateral and PCK known, ${counts.chains} signatures`, 20],
    ['all', 'bareOne', `quoting enclave known too, ${counts.all} signature`, 60],
  ] as const;
  return modes.flatMap(([ours, floor, words, least]) => [
    line(ours, 'script', `${words}; peer @phala/dcap-qvl 0.3.9`, least),
    line(ours, 'wasm', `${words}; peer @phala/dcap-qvl-web 0.3.3`, least),
    line(ours, floor, `${words}; peer node:crypto with as many`),
  ]);
}

function contendersFor(name: string): { contenders: Contenders; counts: Record<'cold' | 'chains' | 'all', number> } {
  const read = (file: string): Uint8Array => vector(`dcap/vectors/${name}/${file}`);
  const json = (file: string): unknown => JSON.parse(new TextDecoder().decode(read(file)));
  const quote = read('quote.bin');
  // The vectors are fixed files of these shapes.
  const collateral = json('collateral.json') as QuoteCollateral;
  const now = new Date((json('expected.json') as { readonly at: string }).at);
  const seconds = Math.floor(now.getTime() / 1000);
  const nothing = createVerifierCache({ collateral: 0, pckChains: 0, quotingEnclaves: 0 });
  const chainsOnly = createVerifierCache({ quotingEnclaves: 0 });
  const everything = createVerifierCache();
  const ours = (cache: typeof nothing, crypto?: SyncCrypto) => () => {
    const endorsements = parseCollateral(collateral, { cache });
    const options = { roots: [INTEL_SGX_ROOT], now, cache, ...(crypto === undefined ? {} : { crypto }) };
    verifyQuoteSync(quote, endorsements, options);
  };
  const counts = {
    cold: signaturesOf((crypto) => ours(nothing, crypto)),
    chains: signaturesOf((crypto) => ours(chainsOnly, crypto)),
    all: signaturesOf((crypto) => ours(everything, crypto)),
  };
  const contenders = {
    // Another object for cryptography has no imported keys yet.
    cold: () => ours(nothing, { createHash, createPublicKey, verify })(),
    chains: ours(chainsOnly),
    all: ours(everything),
    script: () => void verifyInScript(quote, collateral, seconds),
    wasm: () => void verifyInWasm(quote, collateral, BigInt(seconds)),
    bareCold: bare(counts.cold),
    bareTwo: bare(counts.chains),
    bareOne: bare(counts.all),
  };
  return { contenders, counts };
}

function bare(signatures: number): () => void {
  const { privateKey, publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = new Uint8Array(432);
  const signature = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return () => {
    for (let i = 0; i < signatures; i++) {
      verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
    }
  };
}
