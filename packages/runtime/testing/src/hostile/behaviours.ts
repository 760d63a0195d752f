import { setTimeout as sleep } from 'node:timers/promises';
import { throwPayload, type Behaviour, type HostAnswer } from './answer.ts';
import { flipped } from './random.ts';

/** Limits behaviours to the answers of one function. */
export function on(name: string, ...behaviours: readonly Behaviour[]): Behaviour {
  const all = together(behaviours);
  return (answer, hand) => (answer.function === name ? all(answer, hand) : answer);
}

/** Treats one answer in `oneIn` so, by the seed, and is honest with the others. */
export function sometimes(oneIn: number, ...behaviours: readonly Behaviour[]): Behaviour {
  const all = together(behaviours);
  return (answer, hand) => (hand.random(oneIn) === 0 ? all(answer, hand) : answer);
}

/** One after another. */
export function together(behaviours: readonly Behaviour[]): Behaviour {
  return async (answer, hand) => {
    let made: HostAnswer | undefined = answer;
    for (const behaviour of behaviours) {
      if (made === undefined) return undefined;
      made = await behaviour(made, hand);
    }
    return made;
  };
}

/** Gives an earlier result of the same function again; the first one is honest. */
export function replays(): Behaviour {
  return (answer, { earlier, random }) => {
    const old = earlier[random(Math.max(1, earlier.length))];
    return old === undefined ? answer : { ...answer, payload: old, isError: false };
  };
}

/** Changes a byte. What it means depends on the type: another number, a word that does not exist, a damaged blob. */
export function corrupts(): Behaviour {
  return (answer, { random }) => {
    const { payload } = answer;
    if (payload.length === 0) return { ...answer, payload: Uint8Array.of(random(256)) };
    return { ...answer, payload: flipped(payload, random(payload.length), 1 + random(255)) };
  };
}

/** Sends only the beginning of the result: the wrong size for every type. */
export function truncates(): Behaviour {
  return (answer, { random }) => ({
    ...answer,
    payload: answer.payload.subarray(0, random(Math.max(1, answer.payload.length))),
  });
}

/** Sends random bytes in place of the result, `maxBytes` at most. More than the type allows ends the enclave, as it should. */
export function babbles(maxBytes = 64): Behaviour {
  return (answer, { random }) => ({
    ...answer,
    payload: Uint8Array.from({ length: random(maxBytes + 1) }, () => random(256)),
    isError: false,
  });
}

/** Answers with an error, of any code. */
export function refuses(code = 'HOST_CALL_FAILED', message = ''): Behaviour {
  return (answer) => ({ ...answer, payload: throwPayload(code, message), isError: true });
}

/** Never answers. The enclave needs a deadline. */
export function drops(): Behaviour {
  return () => undefined;
}

/** Answers late, by `maxMs` at most, so that answers also overtake each other. */
export function delays(maxMs: number): Behaviour {
  return async (answer, { random }) => {
    await sleep(random(maxMs + 1));
    return answer;
  };
}

/**
 * Holds answers back until there are `count` of them, and then sends them in another order, by the seed. What has waited for
 * `withinMs` milliseconds goes out as it is: an enclave that waits for one answer before it asks again would wait for ever.
 */
export function shuffles(count: number, withinMs = 100): Behaviour {
  let waiting: (() => void)[] = [];
  return (answer, { random }) =>
    new Promise((resolve) => {
      const send = (): void => resolve(answer);
      waiting.push(send);
      if (waiting.length < count) {
        setTimeout(() => {
          waiting = waiting.filter((other) => other !== send);
          send();
        }, withinMs);
        return;
      }
      const held = waiting.splice(0);
      while (held.length > 0) held.splice(random(held.length), 1)[0]?.();
    });
}
