import type { SoftwareLauncher } from '@enclos/tee';
import type { SignedImage } from './workshop.ts';

/** A signed image, and the files of its companions where it has some. */
export interface ServiceImage extends SignedImage {
  readonly companionFiles?: string;
}

/** What the host program of a service gets from its environment, on a platform of a test. */
export function serviceEnvironment<I extends ServiceImage>(signed: I, launcher: SoftwareLauncher) {
  return {
    ...signed,
    launcher,
    reconnect: async () => launcher,
    isolation: 'best',
    sourceMap: undefined,
    developerTool: undefined,
    listenAddress: '127.0.0.1',
  } as const;
}
