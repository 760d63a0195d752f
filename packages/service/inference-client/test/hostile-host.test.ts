import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { createInferenceClient, type OuterFetch } from '../src/index.ts';
import { appraiseTestReport, openService, serviceUrl } from './service.ts';

type Pieces = readonly Uint8Array[];

/** A generator of numbers below a bound, the same for each seed (mulberry32). */
function numbersFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

type Pick = (bound: number) => number;

function flipped(piece: Uint8Array, pick: Pick): Uint8Array {
  const changed = piece.slice();
  const at = pick(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << pick(8));
  return changed;
}

/** What a host can do to the chunks of an answer, with those of the answer before in its hands. */
const manipulations: Readonly<Record<string, (pieces: Pieces, before: Pieces, pick: Pick) => Pieces>> = {
  drop: (pieces, _, pick) => pieces.toSpliced(pick(pieces.length), 1),
  duplicate: (pieces, _, pick) => {
    const at = pick(pieces.length);
    return pieces.toSpliced(at, 0, ...pieces.slice(at, at + 1));
  },
  reorder: (pieces, _, pick) => {
    const at = pick(pieces.length - 1);
    return pieces.toSpliced(at, 2, ...pieces.slice(at, at + 2).toReversed());
  },
  truncate: (pieces, _, pick) => {
    const whole = Buffer.concat(pieces);
    return [whole.subarray(0, pick(whole.length))];
  },
  flip: (pieces, _, pick) => {
    const at = pick(pieces.length);
    return pieces.map((piece, index) => (index === at ? flipped(piece, pick) : piece));
  },
  splice: (pieces, before, pick) => {
    const at = pick(pieces.length);
    return [...pieces.slice(0, at), ...before.slice(at)];
  },
  swap: (_, before) => before,
  append: (pieces, before, pick) => [...pieces, before[pick(before.length)] ?? new Uint8Array(1)],
};

const events = 'data: one\n\ndata: two\n\ndata: three\n\ndata: [DONE]\n\n';
/** A set-up of HPKE for each answer takes most of the time. */
const transports = [
  ['one-shot', 25],
  ['session', 100],
] as const;

for (const [transport, rounds] of transports) {
  test(`${transport}: what a host does to answers ends in an error, never in another answer`, async () => {
    const seed = 20;
    const pick = numbersFrom(seed);
    const service = await openService();
    let before: Pieces = [];
    let manipulate: (pieces: Pieces) => Pieces = (pieces) => pieces;
    const fetch: OuterFetch = async (url, init) => {
      const answer = await service.fetch(url, init);
      const type = answer.headers.get('content-type') ?? '';
      if (!/ohttp-chunked-res|session-response/.test(type)) return answer;
      const pieces = await piecesOf(answer);
      const sent = manipulate(pieces);
      before = pieces;
      return new Response(streamOf(sent), { headers: { 'content-type': type } });
    };
    const client = createInferenceClient({
      url: serviceUrl,
      transport,
      appraise: appraiseTestReport,
      fetch,
      nowMs: () => service.nowMs,
    });
    const chat = async (): Promise<string> => {
      const response = await client.fetch(`${serviceUrl}/v1/chat/completions`, { method: 'POST', body: '{}' });
      return response.text();
    };
    assert.equal(await chat(), events, 'untouched, the answer arrives');
    for (let round = 0; round < rounds; round++) {
      for (const [name, change] of Object.entries(manipulations)) {
        manipulate = (pieces) => change(pieces, before, pick);
        const outcome = await chat().catch((error: unknown) => error);
        assert.ok(isEnclosError(outcome), `${name}, round ${round}, seed ${seed}: ${String(outcome)}`);
      }
    }
    manipulate = (pieces) => pieces;
    assert.equal(await chat(), events, 'and the client goes on');
  });
}

async function piecesOf(answer: Response): Promise<Pieces> {
  const pieces: Uint8Array[] = [];
  const body: ReadableStream<Uint8Array> | null = answer.body;
  const reader = body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (piece?.value === undefined) return pieces;
    pieces.push(piece.value);
  }
}

function streamOf(pieces: Pieces): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) if (piece.length > 0) controller.enqueue(piece);
      controller.close();
    },
  });
}
