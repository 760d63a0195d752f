import type { PlatformDescription, SgxLauncher } from '@enclos/tee';
import { openProjectPlatform, type ProjectPlatform, type ProjectPlatformOptions } from '@enclos/cli-platform/open';

/** What is told of its start. */
export interface StartEvents {
  during<T>(label: string, work: () => Promise<T>): Promise<T>;
  platform(description: PlatformDescription): void;
}

/** A platform that is started when the first enclave is launched: what is wrong with its files is told before. */
export interface LatePlatform {
  /** @throws what `openProjectPlatform` throws */
  readonly launcher: SgxLauncher;
  /** Ends it, if it was started. */
  close(): Promise<void>;
}

export function latePlatform(options: ProjectPlatformOptions, events: StartEvents): LatePlatform {
  let started: Promise<ProjectPlatform> | undefined;
  const start = async (): Promise<ProjectPlatform> => {
    const platform = await events.during('starting the platform', () => openProjectPlatform(options));
    events.platform(platform.description);
    return platform;
  };
  const launcher = async (): Promise<ProjectPlatform['launcher']> => (await (started ??= start())).launcher;
  return Object.freeze({
    launcher: Object.freeze<SgxLauncher>({
      launchSgx: async (request) => (await launcher()).launchSgx(request),
      quotingTarget: async () => (await launcher()).quotingTarget(),
      quote: async (report) => (await launcher()).quote(report),
    }),
    async close() {
      const platform = await started?.catch(() => undefined);
      await platform?.launcher.close();
    },
  });
}
