import { createInferenceClient, type InferenceClient, type OuterFetch } from '@enclos/inference-client';
import { createSealedCarrier } from '@enclos/inference-client/node';
import { isEnclosError } from '@enclos/errors';
import type { Tally } from '../program.ts';
import type { Random } from '../random.ts';
import { isSame, manipulations, piecesOf, type Pieces } from './manipulations.ts';
import { askAll, questions } from './questions.ts';
import type { InferenceSite } from './site.ts';

export interface HostilityCounts {
  refused: number;
  /** The manipulation left what matters as it was, and the right answer came. */
  harmless: number;
}

export interface HostileOptions {
  readonly site: InferenceSite;
  readonly url: string;
  readonly rounds: number;
  readonly random: Random;
  readonly tally: Tally;
}

/**
 * A host between the product's client and the service: it changes sealed answers, their types and statuses, and gives out those of other
 * requests. The client gives out the right answer or an error of a registered code.
 */
export async function attackAnswers(
  transport: 'one-shot' | 'session',
  options: HostileOptions,
): Promise<HostilityCounts> {
  const { site, url, rounds, random, tally } = options;
  const carrier = createSealedCarrier();
  const host = { other: [] as Pieces, change: undefined as ((pieces: Pieces, other: Pieces) => Pieces) | undefined };
  const counts: HostilityCounts = { refused: 0, harmless: 0 };
  let wasChanged = false;
  const fetch: OuterFetch = async (address, init) => {
    const answer = await carrier.fetch(address, init);
    if (init.method === 'GET') return answer;
    const type = answer.headers.get('content-type') ?? '';
    // The opening of a session is one of its answers too.
    const pieces = await piecesOf(answer);
    const sent = host.change?.(pieces, host.other) ?? pieces;
    wasChanged ||= !isSame(sent, pieces);
    if (!type.includes('opened')) host.other = pieces;
    const status =
      host.change !== undefined && random.below(40) === 0 ? random.pick([200, 204, 400, 410, 422, 500]) : answer.status;
    const body = status === 204 ? null : new Uint8Array(Buffer.concat(sent));
    return new Response(body, { status, headers: { 'content-type': type } });
  };
  const client = createInferenceClient({ url, transport, appraise: site.appraise, receipts: 'require', fetch });
  const expected = await askAll(client, url);
  for (let round = 0; round < rounds; round++) {
    const place = random.below(questions.length);
    const question = questions[place];
    const [name, change] = random.pick(Object.entries(manipulations));
    host.change = (pieces, other) => change(pieces, other, random);
    wasChanged = false;
    const outcome = await question?.ask(client, url).catch((error: unknown) => ({ error }));
    host.change = undefined;
    const where = `${transport}, ${name}, ${question?.name}`;
    if (typeof outcome === 'string') {
      counts.harmless++;
      if (outcome === expected[place]) tally.pass();
      else tally.fail(`${where}: a wrong answer was accepted: ${outcome}`);
    } else if (isEnclosError(outcome?.error)) {
      counts.refused++;
      tally.pass();
    } else tally.fail(`${where}: ${String(outcome?.error)}`);
  }
  await expectSameAnswers(client, { url, expected, tally, what: `${transport}: answers after the attack` });
  carrier.close();
  return counts;
}

interface Expectation {
  readonly url: string;
  readonly expected: readonly string[];
  readonly tally: Tally;
  readonly what: string;
}

/** Nothing stays of an attack. */
async function expectSameAnswers(client: InferenceClient, { url, expected, tally, what }: Expectation): Promise<void> {
  await tally.check(what, async () => {
    const answers = await askAll(client, url);
    if (answers.join('\n') !== expected.join('\n')) throw new Error('Another answer than before the attack.');
  });
}
