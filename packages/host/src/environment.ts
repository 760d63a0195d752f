import { readFile } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';
import { connectSoftwarePlatform, type Isolation, type SoftwareLauncher } from '@enclos/tee';

/** The variables that `enclos run` gives to a host program. */
export const hostVariables = Object.freeze({
  /** Unix socket of the platform process. */
  platform: 'ENCLOS_PLATFORM',
  image: 'ENCLOS_IMAGE',
  signature: 'ENCLOS_SIGNATURE',
  /** `strict` (default) or `best`. */
  isolation: 'ENCLOS_ISOLATION',
});

export interface HostEnvironment {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly launcher: SoftwareLauncher;
  readonly isolation: Isolation;
}

/**
 * What `enclos run` prepared: spread it into {@link loadEnclave}'s options.
 * @throws HOST_ENVIRONMENT_MISSING naming the variable.
 */
export async function fromEnvironment(env: NodeJS.ProcessEnv = process.env): Promise<HostEnvironment> {
  const isolation = env[hostVariables.isolation] ?? 'strict';
  if (isolation !== 'strict' && isolation !== 'best') {
    throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables.isolation} must be "strict" or "best".`);
  }
  const [image, signature] = await Promise.all([readFile(need(env, 'image')), readFile(need(env, 'signature'))]);
  const launcher = await connectSoftwarePlatform(need(env, 'platform'));
  return { image: new Uint8Array(image), signature: new Uint8Array(signature), launcher, isolation };
}

function need(env: NodeJS.ProcessEnv, which: keyof typeof hostVariables): string {
  const value = env[hostVariables[which]];
  if (value === undefined) throw new EnclosError('HOST_ENVIRONMENT_MISSING', `${hostVariables[which]} is not set.`);
  return value;
}
