import type { loaderParts } from './loader-authority.ts';

/**
 * Takes away everything that a bundle must not have, in the one order in which it
 * works. Like the parts that it calls it is turned into text on its own, so it
 * must not refer to anything outside itself; and what is turned into a program
 * calls it as it is (`@enclos/gramine`).
 *
 * @param require of the interpreter, started with `--expose-internals`.
 * @param gate the one socket that the bundle gets.
 * @param script the bundle's text, whose words tell what it may want.
 * @returns the bundle's `require`: modules without authority.
 */
export function confine(
  require: NodeJS.Require,
  authority: typeof loaderParts,
  { gate, script }: { readonly gate: import('node:net').Socket; readonly script: string },
): (name: string) => unknown {
  const net = require('node:net') as typeof import('node:net');
  const v8 = require('node:v8') as typeof import('node:v8');
  const internals = authority.openInternals(require);
  const hasHttp = authority.preload(require, script);
  const hasTls = script.includes('node:tls');
  const tls = hasTls ? authority.pureTls(require, authority.stripTls(require)) : undefined;
  const restrictedRequire = authority.pureModules(require, tls);
  const language = authority.languageNames();
  authority.stripSockets(net.Socket, gate);
  authority.stripClones(internals);
  authority.stripNatives(internals, hasTls);
  authority.closeModules(require, internals);
  authority.stripGlobals(language, hasHttp);
  authority.stripProcess(v8);
  authority.closePrototypes(language);
  return restrictedRequire;
}
