import type { VerifiedEvidence } from '@enclos/attestation';
import type { ProxyAddress, ProxyEvent } from '@enclos/atls/proxy';
import type { CommandContext } from '@enclos/cli-frame';
import { errorJson, renderError, toEnclosError } from '@enclos/cli-frame/failures';
import { markOf } from '@enclos/cli-frame/output';
import { addressText, createPrinter, printable } from '@enclos/command-line';
import type { ForwardView } from './forward.ts';

/** Each event as a line of JSON on standard output. */
export function eventLines({ io }: CommandContext): ForwardView {
  const write = (event: object): void => io.stdout.write(`${JSON.stringify(event)}\n`);
  return {
    listening: (address, target) =>
      write({ event: 'listening', address: written(address), server: addressText(target) }),
    event: (event) => write(eventJson(event)),
    ended: () => write({ event: 'ended' }),
  };
}

function eventJson(event: ProxyEvent): object {
  const { type, connection } = event;
  switch (type) {
    case 'attested':
      return { event: type, connection, mode: event.mode, ...factsOf(event.evidence) };
    case 'refused':
      return { event: type, connection, error: errorJson(toEnclosError(event.error)) };
    case 'busy':
      return { event: type, connection };
    case 'closed':
      return { event: type, connection, sentBytes: event.sentBytes, receivedBytes: event.receivedBytes };
  }
}

function factsOf(evidence: VerifiedEvidence): Readonly<Record<string, string>> {
  const { tee, status, root } = evidence;
  const identity =
    evidence.tee === 'sgx' ? { mrEnclave: evidence.mrEnclave, mrSigner: evidence.mrSigner } : { mrTd: evidence.mrTd };
  return { tee, ...identity, status, root: root.kind };
}

const softwareWords =
  'The server runs on a software platform: the owner of its machine can read everything in it. The policy accepts that, because it names the root.';

/** For how long a refusal is not repeated. */
const quietMs = 5000;

/** What a person wants to read: what was accepted when it is new, and what was refused. */
export function eventNotes({ io, notes }: CommandContext): ForwardView {
  let lastAccepted = '';
  const saySoftware = once(() => notes.line(`${markOf('warning', notes)} ${softwareWords}`));
  const refusals = new Repeats(() => io.now().getTime());
  return {
    listening(address, target) {
      const out = createPrinter(io.stdout);
      const url = address.path === undefined ? `http://${written(address)}` : written(address);
      out.line(`${markOf('ok', out)} listening at ${url} for ${addressText(target)}`);
    },
    event(event) {
      if (event.type === 'attested') {
        const { evidence, mode } = event;
        const { root, ...facts } = factsOf(evidence);
        const words = `${mode} evidence of ${facts['tee']} ${facts['mrEnclave'] ?? facts['mrTd']}, status ${facts['status']}`;
        if (root === 'software') saySoftware();
        if (words !== lastAccepted) notes.line(`${markOf('ok', notes)} accepted: ${printable(words)}`);
        lastAccepted = words;
      } else if (event.type === 'refused') {
        const error = toEnclosError(event.error);
        const missed = refusals.countOf(error.code);
        if (missed === undefined) return;
        if (missed > 0) notes.line(`${markOf('info', notes)} ${missed} more refusals like the last one`);
        void renderError(error, notes);
      } else if (event.type === 'busy' && refusals.countOf('busy') !== undefined) {
        notes.line(
          `${markOf('warning', notes)} a program was turned away: there are as many connections as the proxy takes`,
        );
      }
    },
    ended: () => undefined,
  };
}

/** Programs that try again and again must not fill a log. */
class Repeats {
  readonly #now: () => number;
  #last = '';
  #lastAt = Number.NEGATIVE_INFINITY;
  #missed = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns how many were passed over; undefined when this one is passed over too. */
  countOf(what: string): number | undefined {
    const now = this.#now();
    if (what === this.#last && now - this.#lastAt < quietMs) {
      this.#missed += 1;
      return undefined;
    }
    const missed = this.#missed;
    [this.#last, this.#lastAt, this.#missed] = [what, now, 0];
    return missed;
  }
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

function written(address: ProxyAddress): string {
  return address.path === undefined ? addressText(address) : `unix:${address.path}`;
}
