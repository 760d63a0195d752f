import { runBundle, type Defence, type RealmOptions } from './realm.ts';

/** One row of the corpus. */
export interface Attempt {
  readonly name: string;
  /**
   * The body of an asynchronous function. It returns a text on what it got, or undefined. In scope: `cap`, what the loader
   * gave; `frame` and `passed`, if it has a passage; `port`, where a server of the test listens; and {@link prelude}.
   */
  readonly source: string;
  /** With all of these off it succeeds. With any one of them on, and the others off, it fails. */
  readonly closedBy: readonly Defence[];
  /** These are off as well when `closedBy` is tested: each also closes the attempt, by removing what only the attempt uses. */
  readonly reachedBy?: readonly Defence[];
  /** It has a passage, through which its host passes one connection: `passed` is that socket. */
  readonly passes?: true;
  /** A bundle's text decides what loads: the attempt holds whatever these are. */
  readonly words?: string;
}

export interface Outcome {
  readonly got?: string;
  readonly error?: string;
  /** How the process ended, in place of an answer. */
  readonly death?: string;
}

/** What attempts have in common. It is in the text of the bundle, so it names nothing that a module would load for. */
const prelude = `
  const seen = (on, name, use) => {
    const original = Reflect.get(on, name);
    const found = [];
    const spy = function (...args) { found[found.length] = this; for (const a of args) found[found.length] = a;
      return new.target ? Reflect.construct(original, args) : Reflect.apply(original, this, args) };
    Object.defineProperty(on, name, { value: spy, writable: true, configurable: true });
    return { found, restore: () => Object.defineProperty(on, name, { value: original, writable: true, configurable: true }) };
  };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const has = (value, ...names) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
    try { return names.find((name) => typeof value[name] === 'function') } catch { return undefined }
  };
  const chainOf = (value) => { const all = []; for (let at = value; at; at = Object.getPrototypeOf(at)) all.push(at); return all };
  const told = (value) => (value === undefined || value === null ? undefined : typeof value === 'string' ? value : typeof value);
  const guarded = (run) => { try { return run() } catch { return undefined } };
`;

function bundleOf({ source, passes, words = '' }: Pick<Attempt, 'source' | 'passes' | 'words'>, port = 0): string {
  const passed = `const { frame, passed } = await new Promise((done) => cap.passage.start((frame, passed) => done({ frame, passed })));`;
  return `(function bundle(cap) { /* ${words} */ const port = ${port};${prelude}
    const send = (outcome) => cap.platform.write(JSON.stringify(outcome) + '\\0');
    const failed = (error) => send({ error: String(error) });
    const attempt = async () => { ${passes === true ? passed : ''} ${source} };
    attempt().then((got) => send(got === undefined ? {} : { got: String(got) }), failed);
    setTimeout(() => send({}), 5000);
  })`;
}

export async function tryAttempt(
  attempt: Attempt,
  options: RealmOptions & { readonly port?: number },
): Promise<Outcome> {
  let text;
  try {
    text = await runBundle(bundleOf(attempt, options.port), { ...options, passes: attempt.passes });
  } catch (error) {
    return { death: String(error) };
  }
  // Written by the text above; several outcomes can be in it, of which the first counts.
  return JSON.parse(text.split('\0')[0] ?? '') as Outcome;
}
