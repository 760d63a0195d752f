import { loaderParts } from './authority.ts';
import { openSocket, readBoot } from './boot.ts';
import { companionFiles, type CompanionFileList } from './companion-files.ts';
import { confine } from './confine.ts';
import { textOfLoader } from './loader-text.ts';

/** Descriptors of the process of a companion beside 0, 1 and 2. That of the boot pipe is closed before any of its code runs. */
export const companionDescriptors = Object.freeze({ channel: 3, boot: 5 });

/** What the loader of a companion is told, as JSON, before the script. */
export interface CompanionSettings extends CompanionFileList {
  /** Whether it may load them as addons. The interpreter allows it by its own flag. */
  readonly addons: boolean;
}

type Parts = typeof loaderParts & {
  readonly confine: typeof confine;
  readonly readBoot: typeof readBoot;
  readonly openSocket: typeof openSocket;
  readonly companionFiles: typeof companionFiles;
};

/**
 * The loader of a companion: as that of an enclave, without a gate and without a platform. It takes the measured script from the boot
 * pipe, takes away every authority, and runs the script with its channel and its files.
 *
 * It is turned into text, so it must not refer to anything outside itself but its parameters.
 */
function loadCompanion(require: NodeJS.Require, authority: Parts): void {
  const vm = require('node:vm') as typeof import('node:vm');
  const descriptors = { channel: 3, boot: 5 };

  const [settingsText, scriptText] = authority.readBoot(require, descriptors.boot, 2);
  // The platform wrote it.
  const { folder, files, addons } = JSON.parse(String(settingsText)) as CompanionSettings;
  const script = String(scriptText);
  const exit = process.exit.bind(process);
  const { readFile, loadAddon } = authority.companionFiles(require, { folder, files });

  const begin = async (): Promise<void> => {
    const channel = authority.openSocket(require, descriptors.channel, authority.fixedBuffer);
    const compiled = new vm.Script(script, { filename: 'companion.js' });
    const restrictedRequire = authority.confine(require, authority, { gate: channel, script });
    const boot: unknown = compiled.runInThisContext();
    if (typeof boot !== 'function') throw new Error('The script is not that of a companion.');
    const given = { channel, files, readFile, exit, require: restrictedRequire, ...(addons ? { loadAddon } : {}) };
    await Reflect.apply(boot, undefined, [given]);
  };
  const report = authority.openReport(require);
  // On its own stack: see the loader of enclaves.
  setImmediate(() => {
    begin().catch((error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      report(`The companion could not start: ${text}\n`);
      exit(4);
    });
  });
}

const parts: Parts = { ...loaderParts, confine, readBoot, openSocket, companionFiles };
let text: string | undefined;

/** The loader of a companion, for the interpreter's `-e`. */
export function companionLoaderSource(): string {
  text ??= textOfLoader(loadCompanion, parts);
  return text;
}
