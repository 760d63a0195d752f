import type { loaderParts } from './authority.ts';
import type { PassedSockets } from './passage.ts';

interface ConfineOptions {
  /** The one socket that the bundle gets at its start. */
  readonly gate: import('node:net').Socket;
  /** What makes the others, where they are passed. */
  readonly passed?: Pick<PassedSockets, 'isPassed' | 'handleClass'> | undefined;
  /** The bundle's text. Its words tell which modules it may want, and so which load; they do not change what is taken away. */
  readonly script: string;
  /** Native parts of the interpreter that trusted code in the same process still uses. None on the software platform. */
  readonly remaining?: readonly string[];
}

/**
 * Takes away everything that a bundle must not have, in the only order that works. Like the parts that it calls, it is turned
 * into text on its own, so it must not refer to anything outside itself. Programs that are bundled call it directly
 * (`@enclos/gramine`).
 *
 * @param require of the interpreter, started with `--expose-internals`.
 * @returns the bundle's `require`: modules without authority.
 */
export function confine(
  require: NodeJS.Require,
  authority: typeof loaderParts,
  { gate, passed, script, remaining = [] }: ConfineOptions,
): (name: string) => unknown {
  const net = require('node:net') as typeof import('node:net');
  const v8 = require('node:v8') as typeof import('node:v8');
  const internals = authority.openInternals(require);
  const hasHttp = authority.preload(require, script);
  const hasTls = script.includes('node:tls');
  const tls = hasTls ? authority.pureTls(require, authority.stripTls(require), passed?.isPassed) : undefined;
  const restrictedRequire = authority.pureModules(require, tls);
  const language = authority.languageNames();
  authority.stripClones(internals);
  authority.stripNatives(internals, authority.keptNatives(), [
    ...(hasTls ? ['tls_wrap', 'js_stream'] : []),
    ...remaining,
  ]);
  authority.stripEngines(internals);
  authority.closeRequests(internals);
  // After stripNatives, since this freezes what that strips.
  authority.stripSockets(net.Socket, gate, passed?.handleClass);
  authority.closeModules(require, internals);
  authority.stripGlobals(language, hasHttp);
  authority.stripProcess(v8);
  authority.closePrototypes(language, script);
  return restrictedRequire;
}
