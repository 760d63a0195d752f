import { fileURLToPath } from 'node:url';
import { startWith } from '../harness/child.ts';
import { atLeast, type Figure } from '../harness/figures.ts';

const interpreter = fileURLToPath(new URL('../../../../../node_modules/.bin/node', import.meta.url));

/**
 * The channel's cryptography for a request of 3 KiB: ours beside hpke 1.1.7 of npm over WebCrypto, all contenders in turn,
 * in the interpreter of enclaves and in the Node that runs this.
 */
export async function benchHpke(): Promise<readonly Figure[]> {
  const inside = await ratesIn(interpreter);
  const here = await ratesIn(process.execPath);
  const version = process.version.replace(/\..*$/, '');
  return [
    ...['seal', 'open'].flatMap((step) => [
      line(inside, `${step} to X25519, interpreter of enclaves`, [`ours ${step}`, `peer ${step}`], 1.5),
      line(here, `${step} to X25519, Node ${version}`, [`ours ${step}`, `peer ${step}`]),
      line(inside, `${step} to X25519 over WebCrypto, interpreter of enclaves`, [`web ${step}`, `peer ${step}`]),
      line(
        inside,
        `${step} to X-Wing, interpreter of enclaves; peer in JavaScript`,
        [`xWing ${step}`, `peerXWing ${step}`],
        3,
      ),
    ]),
    line(inside, 'a bound request and its answer, both ends, interpreter of enclaves', ['bound']),
    line(inside, 'an exchange of a session, both ends, interpreter of enclaves', ['session']),
  ];
}

type Rates = Readonly<Record<string, number>>;

async function ratesIn(node: string): Promise<Rates> {
  const child = startWith(node, 'programs/hpke-rates.js');
  // The program prints an object of numbers.
  const rates = JSON.parse(await child.nextLine()) as Rates;
  await child.close();
  return rates;
}

function line(rates: Rates, what: string, [ours, peer]: readonly [string, string?], least?: number): Figure {
  const micros = rates[ours] ?? Number.NaN;
  const shown = `${micros.toFixed(0)} µs`;
  if (peer === undefined) return { what, ours: shown };
  const other = rates[peer] ?? Number.NaN;
  const ratio = other / micros;
  const bound = least === undefined ? {} : { bound: atLeast(least, ratio) };
  return { what, ours: shown, peer: `${other.toFixed(0)} µs`, ratio: ratio.toFixed(2), ...bound };
}
