import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuseUsage, type Io } from '@enclos/cli-frame';
import { exists } from '@enclos/cli-frame/files';
import {
  looksLikeReference,
  parseReference,
  pullImage,
  withImageSource,
  type Credentials,
  type ImageChoice,
  type ImageSource,
} from '@enclos/image';

/** The credentials for registries. They come from the environment, because every user of a machine can see command lines. */
export function registryCredentials(env: Io['env']): Credentials | undefined {
  const { ENCLOS_REGISTRY_TOKEN: token, ENCLOS_REGISTRY_USER: user, ENCLOS_REGISTRY_PASSWORD: password } = env;
  if (token !== undefined && token !== '') return { token };
  if (user === undefined && password === undefined) return undefined;
  if (user === undefined || password === undefined) {
    return refuseUsage('Set both ENCLOS_REGISTRY_USER and ENCLOS_REGISTRY_PASSWORD.');
  }
  return { user, password };
}

/** As OCI names the architecture of this machine. */
export function machineArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

export interface OpenedImage {
  readonly source: ImageSource;
  readonly choice: ImageChoice;
  /** The digest that the reference names. */
  readonly digest: string | undefined;
}

/**
 * Opens an image where it is: a path of this machine, or a registry, from which it is pulled first.
 * @throws CLI_USAGE, OCI_*
 */
export async function withImage<T>(
  { target, path, tag }: { readonly target: string; readonly path: string; readonly tag: string | undefined },
  io: Io,
  use: (image: OpenedImage) => Promise<T>,
): Promise<T> {
  const architecture = machineArchitecture();
  const choice = tag === undefined ? { architecture } : { architecture, tag };
  if ((await exists(path)) || !looksLikeReference(target)) {
    return withImageSource(path, (source) => use({ source, choice, digest: undefined }));
  }
  const reference = parseReference(target);
  const folder = await mkdtemp(join(tmpdir(), 'enclos-pull-'));
  try {
    const layout = join(folder, 'image');
    await pullImage(reference, layout, { architecture, credentials: registryCredentials(io.env) });
    return await withImageSource(layout, (source) =>
      use({ source, choice: { architecture }, digest: reference.digest }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
