import { createInferenceClient } from '@enclos/inference-client';
import { createSealedCarrier } from '@enclos/inference-client/node';
import { isEnclosError } from '@enclos/errors';
import { kill } from '../processes.ts';
import type { Random } from '../random.ts';
import type { Tally } from '../program.ts';
import { askAll, questions } from './questions.ts';
import type { InferenceSite, ServiceLife } from './site.ts';

const callers = 8;

export interface DeathOptions {
  readonly site: InferenceSite;
  readonly life: ServiceLife;
  /** How often each is killed. */
  readonly kills: number;
  readonly random: Random;
  readonly tally: Tally;
}

/** What clients saw of one death. */
interface Toll {
  readonly right: number;
  readonly failed: number;
  /** From the death to the next right answer. */
  readonly recoveryMs: number;
}

/**
 * Kills engines, and then enclaves, under load. Each request is answered rightly, or fails with an error that says that it can be sent again;
 * and the service answers again.
 */
export async function killUnderLoad({ site, life, kills, random, tally }: DeathOptions): Promise<readonly string[]> {
  const lines: string[] = [];
  let present = life;
  for (let time = 0; time < kills; time++) {
    const engine = await underLoad({ site, life: present, tally, what: 'engine killed' }, async () => {
      kill(random.pick(site.processes().engines));
      return present;
    });
    lines.push(lineOf('engine killed', engine));
    const enclave = await underLoad({ site, life: present, tally, what: 'enclave killed' }, async () => {
      for (const id of site.processes().enclave) kill(id);
      await present.ended;
      present = await site.start();
      return present;
    });
    lines.push(lineOf('enclave killed', enclave));
  }
  return lines;
}

const lineOf = (what: string, { right, failed, recoveryMs }: Toll): string =>
  `${what}: ${right} answers, ${failed} to be sent again, the next answer after ${recoveryMs.toFixed(0)} ms`;

interface LoadOptions extends Pick<DeathOptions, 'site' | 'life' | 'tally'> {
  readonly what: string;
}

async function underLoad({ site, life, tally, what }: LoadOptions, strike: () => Promise<ServiceLife>): Promise<Toll> {
  const carrier = createSealedCarrier();
  const clientOf = (url: string): ReturnType<typeof createInferenceClient> =>
    createInferenceClient({ url, appraise: site.appraise, receipts: 'require', fetch: carrier.fetch });
  const client = clientOf(life.url);
  const expected = await askAll(client, life.url);
  const toll = { right: 0, failed: 0 };
  const over = new AbortController();
  const judge = (outcome: unknown, place: number): void => {
    if (outcome === expected[place]) {
      toll.right++;
      tally.pass();
    } else if (isRetryable(outcome)) {
      toll.failed++;
      tally.pass();
    } else {
      tally.fail(
        `${what}: ${questions[place]?.name}: ${outcome instanceof Error ? `${outcome.stack}` : String(outcome)}`,
      );
    }
  };
  const asking = Array.from({ length: callers }, async (_, caller) => {
    for (let round = caller; !over.signal.aborted; round++) {
      const place = round % questions.length;
      judge(await questions[place]?.ask(client, life.url).catch((error: unknown) => error), place);
    }
  });
  try {
    while (toll.right < 2 * callers) await new Promise((resolve) => setImmediate(resolve));
    const startedMs = performance.now();
    const next = await strike();
    const recoveryMs = await firstAnswer(clientOf(next.url), { url: next.url, expected, startedMs });
    return { ...toll, recoveryMs };
  } finally {
    over.abort();
    await Promise.all(asking);
    carrier.close();
  }
}

/** An error that says what to do: send again. Engines that were lost are a status of the service, which the client reports. */
function isRetryable(outcome: unknown): boolean {
  if (typeof outcome === 'string') return /^(?:429|502|503|504) /.test(outcome);
  if (!isEnclosError(outcome)) return false;
  const status = outcome.details['status'];
  if (outcome.code === 'INFERENCE_CALL_REFUSED') return typeof status === 'number' && (status === 429 || status >= 502);
  return outcome.kind === 'transient' || outcome.code === 'HPKE_TRUNCATED';
}

async function firstAnswer(
  client: ReturnType<typeof createInferenceClient>,
  {
    url,
    expected,
    startedMs,
  }: { readonly url: string; readonly expected: readonly string[]; readonly startedMs: number },
): Promise<number> {
  for (;;) {
    const answer = await questions[0]?.ask(client, url).catch(() => undefined);
    if (answer === expected[0]) return performance.now() - startedMs;
    if (performance.now() - startedMs > 120_000) throw new Error('The service does not answer again.');
  }
}
