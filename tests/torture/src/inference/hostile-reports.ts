import { concatBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { nodeEngine } from '@enclos/hpke/node';
import { createInferenceClient, type OuterFetch } from '@enclos/inference-client';
import { createSealedCarrier } from '@enclos/inference-client/node';
import type { HostileOptions, HostilityCounts } from './hostile-answers.ts';
import { manipulations } from './manipulations.ts';
import { questions } from './questions.ts';

/**
 * A host that changes the report of the service, with a genuine one for the same nonce in its hands, which is more than hosts have. The
 * client seals nothing to other keys: it refuses the report, or what was changed did not matter, and the service opens its request.
 */
export async function attackReports({ site, url, rounds, random, tally }: HostileOptions): Promise<HostilityCounts> {
  const carrier = createSealedCarrier();
  const nonce = nodeEngine().randomBytes(32);
  const genuine = await reportFor(
    carrier.fetch,
    `${url}/v1/attestation/report?nonce=${Buffer.from(nonce).toString('hex')}`,
  );
  const other = await reportFor(carrier.fetch, `${url}/v1/attestation/report`);
  const counts: HostilityCounts = { refused: 0, harmless: 0 };
  const [question] = questions;
  const right = await question?.ask(createInferenceClient({ url, appraise: site.appraise, fetch: carrier.fetch }), url);
  const outcomeOf = async (report: Uint8Array): Promise<unknown> => {
    const fetch: OuterFetch = (address, init) =>
      init.method === 'GET' ? Promise.resolve(new Response(new Uint8Array(report))) : carrier.fetch(address, init);
    const client = createInferenceClient({ url, appraise: site.appraise, fetch, engine: engineWithNonce(nonce) });
    return question?.ask(client, url).catch((error: unknown) => error);
  };
  const untouched = await outcomeOf(utf8(genuine));
  if (untouched !== right) tally.fail(`The genuine report is not accepted: ${String(untouched)}`);
  for (let round = 0; round < rounds; round++) {
    const [name, change] = random.pick(Object.entries(manipulations));
    const outcome = await outcomeOf(concatBytes(...change(inMembers(genuine), inMembers(other), random)));
    if (outcome === right) counts.harmless++;
    else counts.refused++;
    if (outcome === right || isEnclosError(outcome)) tally.pass();
    else tally.fail(`report, ${name}: ${String(outcome)}`);
  }
  carrier.close();
  return counts;
}

async function reportFor(fetch: OuterFetch, address: string): Promise<string> {
  const answer = await fetch(address, { method: 'GET' });
  if (answer.status !== 200) throw new Error(`The service gave no report: ${answer.status}`);
  return answer.text();
}

/** So that whole members are swapped and dropped too. */
const inMembers = (report: string): readonly Uint8Array[] => report.split(/(?<=,)/).map((part) => utf8(part));

/** Its first 32 random bytes are the nonce of the genuine report. */
function engineWithNonce(nonce: Uint8Array): ReturnType<typeof nodeEngine> {
  const engine = nodeEngine();
  let isFirst = true;
  return {
    ...engine,
    randomBytes(length) {
      if (!isFirst || length !== nonce.length) return engine.randomBytes(length);
      isFirst = false;
      return nonce;
    },
  };
}
