import { enclaveGlobals, enclaveProcessMembers } from '@enclos/manifest';

import { environment, threads, untrusted } from './advice.ts';

import type { Use } from './uses.ts';

/** What is wrong with a use, and what to write in its place. */
export interface Absence {
  /** How a text calls what is used: `fetch`, `process.exit`, `the Function constructor`. */
  readonly name: string;
  readonly text: string;
  readonly suggestion: string;
}

const streams = 'connect() of @enclos/enclave, with the destination declared in `connect` of enclave.json';
const embedded = 'a file that is declared in `files` of enclave.json, by embeddedFile() of @enclos/enclave';
const memory = 'a Map, or seal() of @enclos/enclave with the sealed bytes kept by the host';
const messages = 'the interface: calls in and out of the enclave';
const page = 'code for the page, outside the enclave';
const marked = 'globalThis';

/** For the names that people most often try. */
const suggestions: Readonly<Record<string, string>> = {
  fetch: `${streams}, or ${untrusted}`,
  XMLHttpRequest: streams,
  WebSocket: streams,
  EventSource: streams,
  Headers: 'the same name in code that is bundled: the build sees it',
  __dirname: embedded,
  __filename: embedded,
  require: 'an import, which the build can see',
  module: 'an import, which the build can see',
  Worker: threads,
  SharedWorker: threads,
  MessageChannel: threads,
  MessagePort: threads,
  BroadcastChannel: messages,
  postMessage: messages,
  onmessage: messages,
  localStorage: memory,
  sessionStorage: memory,
  indexedDB: memory,
  caches: memory,
  navigator: 'nothing: the enclave does not know where it runs',
  window: marked,
  self: marked,
  document: page,
  location: page,
  alert: page,
  'process.exit': 'an error that the call throws; the host ends the enclave',
  'process.stdout': 'console.log(), which writes to the log of the host',
  'process.stderr': 'console.error(), which writes to the log of the host',
  'process.stdin': messages,
  'process.on': 'try and catch, or the `start` option of defineEnclave()',
  'process.once': 'try and catch, or the `start` option of defineEnclave()',
  'process.kill': untrusted,
};

export const noEvaluation =
  'code that is bundled: an enclave cannot turn strings into code. Packages that generate code can often do it before the build';

const globals: ReadonlySet<string> = new Set(enclaveGlobals);
const processMembers: ReadonlySet<string> = new Set(enclaveProcessMembers);
const examined: ReadonlySet<string> = new Set(['process', 'globalThis', 'global', 'eval', 'Function']);

/** Names that are there inside and that no rule is about. */
export function isOrdinaryName(name: string): boolean {
  return globals.has(name) && !examined.has(name);
}

/** Members of a function that call it. */
const calls: ReadonlySet<string> = new Set(['apply', 'call', 'bind']);

function isThere(key: string): boolean {
  const member = key.startsWith('process.') ? key.slice('process.'.length) : undefined;
  if (member !== undefined) return processMembers.has(member) || Object.hasOwn(Object.prototype, member);
  return globals.has(key) || Object.hasOwn(Object.prototype, key);
}

function suggestionFor(key: string): string {
  if (Object.hasOwn(suggestions, key)) return suggestions[key] ?? '';
  return key.startsWith('process.')
    ? untrusted
    : 'an import of what defines it, or an untrusted function of the interface';
}

/** A member that is absent is undefined: only its use throws, and not with `?.`. */
function throws({ isMember, kind, isOptional }: Use): boolean {
  if (!isMember) return true;
  return !isOptional && (kind === 'call' || kind === 'construct' || kind === 'dereference');
}

/** Why a use cannot work inside, whether or not the code is prepared for that. */
export function absenceOf(use: Use): Absence | undefined {
  const { key, kind } = use;
  if (key === 'eval') {
    return kind === 'assign'
      ? undefined
      : { name: 'eval', text: 'eval throws in an enclave', suggestion: noEvaluation };
  }
  if (key === 'Function') {
    if (kind !== 'call' && kind !== 'construct' && !calls.has(use.member ?? '')) return undefined;
    const name = 'the Function constructor';
    return { name, text: `${name} throws in an enclave`, suggestion: noEvaluation };
  }
  if (key === 'process.env') {
    return { name: key, text: 'an enclave has no process environment', suggestion: environment };
  }
  if (isThere(key) || !throws(use)) return undefined;
  return { name: key, text: `an enclave has no ${key}`, suggestion: suggestionFor(key) };
}
