// One owner for each primitive. Each of these stood in the tree several times, in copies that differed in how strict or
// durable they were; a copy is found here by the one call or word that it cannot do without.
import { relative } from 'node:path';
import { lineAt } from './source.mjs';

/**
 * `pattern` finds the primitive in code (comments are blanked). `homes` are the folders or files that may hold it:
 * the owner first, then exceptions, each with its reason.
 */
const primitives = [
  {
    name: 'a file or folder moved into place',
    pattern: /\brename(?:Sync)?\(/g,
    homes: ['packages/ground/durable'],
    fix: 'use @enclos/durable, which also syncs the folder',
  },
  {
    name: 'a file synced',
    pattern: /\b(?:fsync|fdatasync)(?:Sync)?\(|\bhandle\.(?:data)?sync\(\)/gi,
    homes: ['packages/ground/durable'],
    fix: 'use @enclos/durable',
  },
  {
    name: 'the armour of PEM',
    pattern: /-----(?:BEGIN|END)/g,
    homes: ['packages/ground/codec/src'],
    fix: 'use @enclos/codec/pem',
  },
  {
    name: 'a decoder of text',
    pattern: /new TextDecoder\(/g,
    homes: ['packages/ground/codec/src'],
    fix: 'use the strict decoder of @enclos/codec/text',
  },
  {
    name: 'a reader of command lines',
    pattern: /\bparseArgs\(/g,
    homes: ['packages/ground/command-line/src'],
    fix: 'declare a command of @enclos/command-line',
  },
  {
    name: 'a listening server',
    pattern: /\bcreate(?:Secure)?Server\(/g,
    homes: ['packages/service/service/src'],
    fix: 'use the front end or the health server of @enclos/service',
  },
];

/** Primitives that stand outside of their homes, in the sources of one package. */
export function ownerProblems(sources, base) {
  return sources.flatMap(({ path, code }) => {
    const place = relative(base, path);
    return primitives
      .filter(({ homes }) => !homes.some((home) => place === home || place.startsWith(`${home}/`)))
      .flatMap(({ name, pattern, fix }) =>
        [...code.matchAll(pattern)].map(({ index }) => ({
          where: `${place}:${lineAt(code, index)}`,
          what: `${name}, outside of its owner`,
          fix,
        })),
      );
  });
}
