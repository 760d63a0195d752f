import { durable } from '@enclos/durable';
import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readExecutable } from './read.ts';
import { decodeSignedProgram } from './signed-program.ts';

/** By this line the operating system has `enclos` run the rest of the file. */
const line = utf8('#!/usr/bin/env -S enclos ego run\n');

/**
 * Writes one file that runs the enclave when it is called: the signed executable after a line that names `enclos`, which has to be on
 * the machine.
 * @throws CLI_FILE_UNREADABLE, EGO_NOT_SIGNED, EGO_SIGNED_INVALID, EGO_UNSUPPORTED for a bundle
 */
export async function egoBundle(executable: string, out = `${executable}-bundle`): Promise<string> {
  const file = await readExecutable(executable);
  decodeSignedProgram(file);
  if (file[0] === line[0]) throw new EnclosError('EGO_UNSUPPORTED', `${executable} is a bundle already.`);
  const bundle = new Uint8Array(line.length + file.length);
  bundle.set(line);
  bundle.set(file, line.length);
  await durable.replace(out, bundle, { mode: 0o775 });
  return out;
}
