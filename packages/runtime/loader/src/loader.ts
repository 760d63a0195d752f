import { loaderParts } from './authority.ts';
import { openSocket, readBoot } from './boot.ts';
import { companionChannels } from './companion-channels.ts';
import { confine } from './confine.ts';
import { connectedSocket } from './connected-socket.ts';
import { attachInspector } from './inspector.ts';
import { textOfLoader } from './loader-text.ts';
import { openPassage, passedSockets } from './passage.ts';

export type LoaderParts = typeof loaderParts &
  typeof bootParts & {
    readonly attachInspector?: typeof attachInspector;
    readonly companionChannels?: typeof companionChannels;
  } & Partial<typeof passingParts>;

/** The parts of every enclave that take nothing away by themselves. */
export const bootParts = { confine, readBoot, openSocket };

/** The parts of an enclave to which sockets are passed. */
export const passingParts = { connectedSocket, passedSockets, openPassage };

/**
 * The loader: the first code in an enclave process, given to the interpreter
 * with `-e`. It belongs to the platform, as microcode belongs to the CPU: it
 * takes the measured bytes from the boot pipe, takes away every authority that
 * the interpreter came with, and runs the measured bundle with what an enclave is given.
 *
 * It is turned into text, so it must not refer to anything outside itself but
 * its parameters.
 */
function load(require: NodeJS.Require, authority: LoaderParts): void {
  const vm = require('node:vm') as typeof import('node:vm');
  const descriptors = { gate: 3, platform: 4, boot: 5, inspector: 6, passage: 8, companions: 9 };

  const [manifest, scriptText, files] = authority.readBoot(require, descriptors.boot, 3);
  const script = String(scriptText);

  const open = (fd: number): import('node:net').Socket => authority.openSocket(require, fd, authority.fixedBuffer);
  const begin = async (): Promise<void> => {
    const gate = open(descriptors.gate);
    const platform = open(descriptors.platform);
    const exit = process.exit.bind(process);
    const compiled = new vm.Script(script, { filename: 'enclave.js' });
    // These end the thread of the inspector, if there is one.
    const remaining = authority.attachInspector === undefined ? [] : ['messaging', 'worker'];
    const end = (reason: string, exitCode: number): never => {
      report(`${reason}\n`);
      return exit(exitCode);
    };
    const socketClass = authority.connectedSocket?.(require);
    const passed = socketClass && authority.passedSockets?.(require, socketClass);
    const reads = { descriptor: descriptors.passage, bufferOf: authority.fixedBuffer };
    const passage = passed && authority.openPassage?.(require, { ...reads, socketFor: passed.socketFor, end });
    const channelFor = authority.companionChannels?.(require);
    const companions =
      channelFor &&
      authority.openPassage?.(require, {
        ...reads,
        descriptor: descriptors.companions,
        socketFor: channelFor,
        end,
        peer: 'platform',
      });
    const restrictedRequire = authority.confine(require, authority, { gate, script, remaining, passed });
    const boot: unknown = compiled.runInThisContext();
    if (typeof boot !== 'function') throw new Error('The bundle is not an enclave bundle.');
    const given = { gate, platform, passage, companions, manifest, files, exit, require: restrictedRequire };
    await Reflect.apply(boot, undefined, [given]);
  };
  const fail = process.exit.bind(process);
  const report = authority.openReport(require);
  // After this script, because `-e` restores the global `module` when it ends; and on its own stack, because the callers of
  // this function hold the real `require` among their arguments.
  setImmediate(() => {
    const ready = authority.attachInspector?.(require, descriptors.inspector);
    (ready === undefined ? begin() : ready.then(begin)).catch((error: unknown) => {
      // Without this, an enclave that cannot start would end without a message.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      report(`The enclave could not start: ${text}\n`);
      fail(4);
    });
  });
}

/** The text that the interpreter gets: see {@link textOfLoader}. */
export function loaderText(loader: LoaderParts): string {
  return textOfLoader(load, loader);
}

const parts: LoaderParts = { ...loaderParts, ...bootParts };
const texts = new Map<string, string>();

/** What an enclave has that others do not have. */
export interface LoaderNeeds {
  /** The inspector of a debug enclave. */
  readonly inspector: boolean;
  /** Sockets that its host passes. */
  readonly passage: boolean;
  /** Processes beside it. */
  readonly companions?: boolean;
}

/** The loader of an enclave. That of an enclave without these needs holds nothing of them. */
export function loaderSource(needs: LoaderNeeds = { inspector: false, passage: false }): string {
  const { companions = false } = needs;
  const key = `${needs.inspector} ${needs.passage} ${companions}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = loaderText({
    ...parts,
    ...(needs.inspector ? { attachInspector } : {}),
    ...(needs.passage ? passingParts : {}),
    ...(companions ? { openPassage, companionChannels } : {}),
  });
  texts.set(key, text);
  return text;
}

/**
 * Descriptors of the enclave process beside 0, 1 and 2. Those of the inspector, of the passage and of companions are only in an enclave that has them.
 * Between them is the one from which bubblewrap reads the filter, and which it closes.
 */
export const enclaveDescriptors = Object.freeze({
  gate: 3,
  platform: 4,
  boot: 5,
  inspector: 6,
  passage: 8,
  companions: 9,
});
