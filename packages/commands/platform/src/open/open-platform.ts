import { EnclosError } from '@enclos/errors';
import { startPlatform } from '@enclos/software-sgx';
import { connectSoftwarePlatform, type Isolation, type PlatformDescription, type SoftwareLauncher } from '@enclos/tee';

export interface ProjectPlatformOptions {
  readonly stateFolder: string;
  /** The socket of a running platform, instead of an embedded one. */
  readonly platformSocket?: string | undefined;
  readonly isolation: Isolation;
}

export interface ProjectPlatform {
  readonly launcher: SoftwareLauncher;
  readonly socketPath: string;
  readonly description: PlatformDescription;
}

/**
 * Starts a platform, or connects to a running one.
 * @throws ISOLATION_UNAVAILABLE: the platform refuses by itself, and asking first gives the error before a host program has begun.
 */
export async function openProjectPlatform(options: ProjectPlatformOptions): Promise<ProjectPlatform> {
  const { launcher, socketPath } = await open(options);
  try {
    const description = await launcher.describe();
    requireLayers(description, options.isolation);
    return Object.freeze({ launcher, socketPath, description });
  } catch (error) {
    await launcher.close();
    throw error;
  }
}

async function open({
  stateFolder,
  platformSocket,
}: ProjectPlatformOptions): Promise<{ launcher: SoftwareLauncher; socketPath: string }> {
  if (platformSocket !== undefined) {
    return { launcher: await connectSoftwarePlatform(platformSocket), socketPath: platformSocket };
  }
  const launcher = await startPlatform({ stateFolder });
  return { launcher, socketPath: launcher.socketPath };
}

function requireLayers({ layers }: PlatformDescription, isolation: Isolation): void {
  const missing = layers.filter(({ active }) => !active).map(({ name }) => name);
  if (isolation === 'best' || missing.length === 0) return;
  throw new EnclosError('ISOLATION_UNAVAILABLE', `Strict isolation lacks: ${missing.join(', ')}.`, {
    details: { missing },
  });
}
