import type { VerifiedEvidence } from '@enclos/attestation';
import type { ProxyAddress } from '@enclos/atls/proxy';
import type { CommandContext } from '@enclos/cli-frame';
import { renderError, toEnclosError } from '@enclos/cli-frame/failures';
import { markOf } from '@enclos/cli-frame/output';
import { addressText, createPrinter, printable } from '@enclos/command-line';

/** For a line of JSON. */
export function factsOf(evidence: VerifiedEvidence): Readonly<Record<string, string>> {
  const { tee, status, root } = evidence;
  const identity =
    evidence.tee === 'sgx' ? { mrEnclave: evidence.mrEnclave, mrSigner: evidence.mrSigner } : { mrTd: evidence.mrTd };
  return { tee, ...identity, status, root: root.kind };
}

export function written(address: ProxyAddress): string {
  return address.path === undefined ? addressText(address) : `unix:${address.path}`;
}

const softwareWords =
  'The server runs on a software platform: the owner of its machine can read everything in it. The policy accepts that, because it names the root.';

/** For how long a refusal is not repeated. */
const quietMs = 5000;

/** What a person wants to read: what was accepted when it is new, and what was refused. */
export interface ServerNotes {
  readonly listening: (address: ProxyAddress, server: string) => void;
  /** @param form of the evidence, such as fresh */
  readonly accepted: (evidence: VerifiedEvidence, form: string) => void;
  readonly refused: (error: unknown) => void;
  /** Something that may come again and again. */
  readonly seldom: (what: string, text: string) => void;
}

export function serverNotes({ io, notes }: CommandContext): ServerNotes {
  let lastAccepted = '';
  const saySoftware = once(() => notes.line(`${markOf('warning', notes)} ${softwareWords}`));
  const refusals = new Repeats(() => io.now().getTime());
  return {
    listening(address, server) {
      const out = createPrinter(io.stdout);
      const url = address.path === undefined ? `http://${written(address)}` : written(address);
      out.line(`${markOf('ok', out)} listening at ${url} for ${server}`);
    },
    accepted(evidence, form) {
      const { root, ...facts } = factsOf(evidence);
      const words = `${form} evidence of ${facts['tee']} ${facts['mrEnclave'] ?? facts['mrTd']}, status ${facts['status']}`;
      if (root === 'software') saySoftware();
      if (words !== lastAccepted) notes.line(`${markOf('ok', notes)} accepted: ${printable(words)}`);
      lastAccepted = words;
    },
    refused(given) {
      const error = toEnclosError(given);
      const missed = refusals.countOf(error.code);
      if (missed === undefined) return;
      if (missed > 0) notes.line(`${markOf('info', notes)} ${missed} more refusals like the last one`);
      void renderError(error, notes);
    },
    seldom(what, text) {
      if (refusals.countOf(what) !== undefined) notes.line(`${markOf('warning', notes)} ${text}`);
    },
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
