import { stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createPublicKey } from 'node:crypto';
import {
  describeSignature,
  generateKey,
  goProgramOf,
  signEnclave,
  withKeyOf,
  writeFileAtomically,
  writeKeyFile,
  type SignedIdentity,
} from '@enclos/build';
import { exists, maxKeyBytes, readSmallFile } from '@enclos/cli-frame/files';
import { durable } from '@enclos/durable';
import { checkProgramBytes } from '@enclos/elf';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { layOutImage } from '@enclos/manifest';
import { EGO_CONFIG_FILE, newConfig, readConfig, requireExe, type EgoConfig } from '../config/config.ts';
import { imagePlace } from './image-place.ts';
import { manifestOf } from './manifest.ts';
import { readExecutable } from './read.ts';
import { encodeSignedProgram, unsignedProgram, type SignedProgram } from './signed-program.ts';

export interface EgoSignOptions {
  /** The executable, or a configuration, which ends in `.json`; undefined: the enclave.json of the folder. Absolute. */
  readonly file: string | undefined;
  /** The folder in which the command runs. */
  readonly folder: string;
  readonly date: Date;
  /** SOURCE_DATE_EPOCH; it replaces `date`. */
  readonly sourceDateEpoch?: string | undefined;
  /** Told of a file that is about to be made: a configuration, or a key. */
  readonly onNewFile?: (name: string) => void;
}

export interface EgoSignOutcome extends SignedIdentity {
  /** The executable, which now holds its signature. */
  readonly executable: string;
  /** The same as an image and its SIGSTRUCT, for every other command. */
  readonly image: string;
  readonly signature: string;
  readonly network: EgoConfig['network'];
}

/**
 * Signs what EGo's configuration names, and makes the configuration and the key when there are none.
 * @throws CLI_FILE_UNREADABLE, EGO_CONFIG_INVALID, EGO_PROGRAM_REFUSED, PROGRAM_REFUSED, SIGNING_KEY_INVALID
 */
export async function egoSign(options: EgoSignOptions): Promise<EgoSignOutcome> {
  const config = await configFor(options);
  const program = unsignedProgram(await readExecutable(config.exe));
  const manifest = manifestOf(config, requireGoProgram(config.exe, program));
  const files = await Promise.all(
    config.files.map(async ({ source, target }) => ({ path: target, content: await readExecutable(source) })),
  );
  const image = layOutImage({ manifest, bundle: program, files });
  const key = await keyOf(config.key, options);
  const { date, sourceDateEpoch } = options;
  const signature = withKeyOf(config.key, () => signEnclave({ image, key, date, sourceDateEpoch }));
  const signed = { program, signature, manifest, files, host: hostPart(config) };
  const { mode } = await stat(config.exe);
  await durable.replace(config.exe, encodeSignedProgram(signed), { mode: mode & 0o777, ignoresUmask: true });
  const place = imagePlace(config);
  const signaturePlace = place.replace(/\.sgxs$/, '.sig');
  await writeFileAtomically(place, image);
  await writeFileAtomically(signaturePlace, signature);
  const { network } = config;
  const written = { executable: config.exe, image: place, signature: signaturePlace, network };
  return Object.freeze({ ...written, ...describeSignature(signature) });
}

async function configFor({ file, folder, onNewFile }: EgoSignOptions): Promise<EgoConfig> {
  const usual = join(folder, EGO_CONFIG_FILE);
  if (file === undefined || file.endsWith('.json')) return readConfig(file ?? usual);
  if (await exists(usual)) return requireExe(await readConfig(usual), file);
  await readExecutable(file);
  onNewFile?.(EGO_CONFIG_FILE);
  await durable.add(usual, newConfig(relative(folder, file)), { mode: 0o644 });
  return readConfig(usual);
}

/** @throws EGO_PROGRAM_REFUSED, PROGRAM_REFUSED */
function requireGoProgram(path: string, program: Uint8Array) {
  const go = goProgramOf(program);
  if (go?.overlaySha256 === undefined) {
    const what = go === undefined ? 'is not a Go program' : 'was built by `go build`';
    const message = `${path} ${what}: its networking and files would be those of the machine, which an enclave does not have.`;
    throw new EnclosError('EGO_PROGRAM_REFUSED', message, { details: { path } });
  }
  return checkProgramBytes(program).architecture;
}

/** The key, which is made when it is missing: RSA-3072 with exponent 3, and its public half beside it. */
async function keyOf(path: string, { onNewFile, folder }: EgoSignOptions): Promise<Uint8Array> {
  if (!(await exists(path))) {
    onNewFile?.(relative(folder, path));
    const pem = generateKey();
    await writeKeyFile(path, pem).catch((error: unknown) => {
      // Another command made a key first. Both use that one.
      if (!isEnclosError(error, 'BUILD_FILE_EXISTS')) throw error;
    });
    const open = createPublicKey(Buffer.from(await readSmallFile(path, maxKeyBytes)));
    await writeFileAtomically(join(dirname(path), 'public.pem'), open.export({ type: 'spki', format: 'pem' }));
  }
  return readSmallFile(path, maxKeyBytes);
}

function hostPart({ mounts, environment }: EgoConfig): SignedProgram['host'] {
  return {
    folders: mounts.flatMap(({ target, source }) => (source === undefined ? [] : [{ target, source }])),
    defaults: environment.flatMap(({ name, value, fromHost }) =>
      fromHost && value !== undefined && value !== '' ? [{ name, value }] : [],
    ),
  };
}
