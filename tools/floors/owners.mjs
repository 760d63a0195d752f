// One owner for each primitive. Each of these stood in the tree several times, in copies that differed in how strict or
// durable they were; a copy is found here by the one call or word that it cannot do without.
import { relative } from 'node:path';
import { lineAt } from './parsed.mjs';

const evidenceKit = [
  'packages/evidence/evidence-kit/src',
  'an oracle for tests, which shares nothing with what it tests',
];

/**
 * `pattern` finds the primitive in code (comments are blanked). `home` is its owner. `exceptions` are other folders or
 * files that may hold it, each with its reason.
 */
export const primitives = [
  {
    name: 'a file or folder moved into place',
    pattern: /\brename(?:Sync)?\(/g,
    home: 'packages/ground/durable/src',
    exceptions: [],
    fix: 'use @enclos/durable, which also syncs the folder',
  },
  {
    name: 'a file synced',
    pattern: /\bf(?:data)?sync(?:Sync)?\(|\bhandle\.(?:data)?sync\(\)/gi,
    home: 'packages/ground/durable/src',
    exceptions: [['packages/runtime/tee/src/audit', 'appends to a log, which is never whole']],
    fix: 'use @enclos/durable',
  },
  {
    name: 'a file opened that may be a pipe',
    pattern: /\bO_NONBLOCK\b/g,
    home: 'packages/ground/durable/src',
    exceptions: [
      ['packages/evidence/endorsements/src/node/disk-cache.ts', 'follows no link and reads only files of its own user'],
    ],
    fix: 'use readBoundedFile of @enclos/durable',
  },
  {
    name: 'the armour of PEM',
    pattern: /-----(?:BEGIN|END)/g,
    home: 'packages/ground/codec/src',
    exceptions: [
      evidenceKit,
      [
        'packages/ground/diagnostics/src/file-kind.ts',
        'names kinds of files by how they begin, on the floor of the codec',
      ],
    ],
    fix: 'use @enclos/codec/pem',
  },
  {
    name: 'a decoder of text',
    pattern: /new TextDecoder\(/g,
    home: 'packages/ground/codec/src',
    exceptions: [
      ['packages/model/edl/src', 'every enclave holds it, and not the whole of the codec'],
      ['packages/model/gate/src', 'depends on no codec'],
      ['packages/model/manifest/src', 'every enclave holds it, and not the whole of the codec'],
      ['packages/ground/diagnostics/src/file-kind.ts', 'on the floor of the codec'],
      ['packages/runtime/gramine/src/program.ts', 'the program inside Gramine holds as little as it can'],
      ['packages/runtime/inference-engine/src/wasm/memory.ts', 'replaces what is not text, as the native binding does'],
    ],
    fix: 'use decodeUtf8 of @enclos/codec/text',
  },
  {
    name: 'a reader of command lines',
    pattern: /\bparseArgs\(/g,
    home: 'packages/ground/command-line/src',
    exceptions: [],
    fix: 'declare a command of @enclos/command-line',
  },
  {
    name: 'a listening server',
    pattern: /\bcreate(?:Secure)?Server\(/g,
    home: 'packages/service/service/src',
    exceptions: [
      ['packages/runtime/host/src/services/listeners.ts', 'the listeners of enclaves, which relay bytes'],
      ['packages/runtime/software-sgx/src', 'sockets of the platform: gates, hosts, quotes'],
      ['packages/runtime/tee/src/audit/lock.ts', 'the lock of a log, on which nothing is served'],
      ['packages/service/inference-client/src/node/proxy.ts', 'a proxy for programs on this machine alone'],
      ['packages/runtime/tee/src/gramine-host/gate-listener.ts', 'the gate of Gramine'],
      ['packages/evidence/atls/src/proxy/proxy.ts', 'the proxy, which relays bytes of programs on its machine'],
      ['packages/commands/frame/src/http-server.ts', 'servers that a command runs for one user of this machine'],
      ['packages/commands/consortium/src/dev/server.ts', 'the sandbox of one developer, which asks for certificates'],
      ['packages/cli/src', 'the inspector and the socket of tools, of a command for one user'],
      ['services/admission/src/server/webhook-server.ts', 'the webhook, whose TLS and bounds are its own'],
      ['services/node-agent/src/seat.ts', 'the place of the one agent that serves, on which nothing is served'],
      ['apps/console/src/server', 'the page, on this machine'],
    ],
    fix: 'use the front end or the health server of @enclos/service',
  },
];

const isWithin = (place, folder) => place === folder || place.startsWith(`${folder}/`);

/** Primitives that stand outside of their homes, in the sources of one package. */
export function ownerProblems(sources, base) {
  return sources.flatMap(({ path, code }) => {
    const place = relative(base, path);
    return primitives
      .filter(
        ({ home, exceptions }) => ![home, ...exceptions.map(([folder]) => folder)].some((at) => isWithin(place, at)),
      )
      .flatMap(({ name, pattern, fix }) =>
        [...code.matchAll(pattern)].map(({ index }) => ({
          where: `${place}:${lineAt(code, index)}`,
          what: `${name}, outside of its owner`,
          fix,
        })),
      );
  });
}
