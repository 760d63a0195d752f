import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '@enclos/build';
import { refuseUsage } from '@enclos/cli-frame';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { markOf } from '@enclos/cli-frame/output';
import { EnclosError } from '@enclos/errors';
import type { Printer } from '@enclos/command-line';

/** A text that a command made, and what became of it. */
export interface MadeText {
  readonly text: string;
  /** Where it is, or would be, written. */
  readonly out?: string;
  /** Whether the file has another content, or is not there. */
  readonly changed: boolean;
  readonly written: boolean;
}

/**
 * Writes a text to its file, unless the file has it already.
 * @throws CLI_USAGE for `check` without a file; CLI_SYSTEM_REFUSED when the folder is not there
 */
export async function writeOut(text: string, out: string | undefined, check: boolean): Promise<MadeText> {
  if (out === undefined) return check ? refuseUsage('--check needs --out.') : { text, changed: false, written: false };
  const changed = !(await hasText(out, text));
  if (changed && !check) {
    await requireFolderOf(out);
    await writeFileAtomically(out, text);
  }
  return { text, out, changed, written: changed && !check };
}

/** Whether a file has exactly this text. Bytes are compared: what is read as text lacks a byte order mark. */
export async function hasText(path: string, text: string): Promise<boolean> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes !== undefined && Buffer.from(text).equals(bytes);
}

export function renderMade({ text, out, changed, written }: MadeText, printer: Printer): void {
  if (out === undefined) printer.line(text.trimEnd());
  else if (written) printer.line(`${markOf('ok', printer)} wrote ${out}`);
  else if (!changed) printer.line(`${markOf('ok', printer)} ${out} is up to date`);
}

/** The error of `--check`. */
export function outdated({ out, changed, written }: MadeText): EnclosError | undefined {
  if (out === undefined || !changed || written) return undefined;
  return new EnclosError('CLI_EDL_OUTDATED', `${out} is not up to date with its interface and these options.`, {
    details: { path: out },
  });
}
