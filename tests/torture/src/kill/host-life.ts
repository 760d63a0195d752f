import { isEnclosError } from '@enclos/errors';
import { startPlatform, type EmbeddedPlatform, type EmbeddedPlatformOptions } from '@enclos/software-sgx';
import { mark } from '../marks.ts';

/**
 * The life of a host that is to be killed: starts a platform and lives. When the enclave of its life is lost, it lives once more; when
 * its platform is lost, it ends.
 */
export async function liveTwice(
  options: EmbeddedPlatformOptions,
  live: (platform: EmbeddedPlatform) => Promise<void>,
): Promise<void> {
  await run(options, live).catch((error: unknown) => mark('answered', { code: codeOf(error) }));
  mark('ended');
}

async function run(
  options: EmbeddedPlatformOptions,
  live: (platform: EmbeddedPlatform) => Promise<void>,
): Promise<void> {
  mark('host');
  const platform = await startPlatform(options);
  mark('ready');
  try {
    await live(platform);
  } catch (error) {
    mark('answered', { code: codeOf(error) });
    const isPlatformThere = await platform.describe().then(
      () => true,
      () => false,
    );
    if (isPlatformThere) await live(platform);
  }
  mark('close');
  await platform.close();
}

function codeOf(error: unknown): string {
  return isEnclosError(error) ? error.code : String(error);
}
