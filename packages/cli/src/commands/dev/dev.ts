import type { Io } from '@enclos/cli-frame';
import type { IsolationLayer } from '@enclos/tee';
import { createKeyReader, type DevAction } from './keys.ts';
import { defaultLogLevel, startDevSession, type DevEvents, type DevOptions, type DevSession } from './session.ts';
import type { SignedBuild } from '../../project/prepare.ts';

/** What a session reports, and what it shows for keys. */
export interface DevView extends DevEvents {
  identity(build: SignedBuild | undefined): void;
  isolation(layers: readonly IsolationLayer[]): void;
  logLevel(level: number): void;
  clear(): void;
  help(): void;
}

const mostDetailed = 4;

/**
 * Builds, runs and watches a project until a key, the end of the terminal or a
 * signal ends it. Then it stops everything that it started.
 * @throws what `startDevSession` throws.
 */
export async function dev(options: DevOptions, io: Io, view: DevView): Promise<void> {
  let session: DevSession | undefined;
  let level = defaultLogLevel;
  let quit: () => void = () => undefined;
  const quitting = new Promise<void>((resolve) => (quit = resolve));
  const actions: Readonly<Record<DevAction, () => void>> = {
    restart: () => session?.restart(),
    rebuild: () => session?.rebuild(),
    identity: () => view.identity(session?.build),
    isolation: () => view.isolation(session?.platform.layers ?? []),
    more: () => setLevel(level + 1),
    less: () => setLevel(level - 1),
    clear: () => view.clear(),
    help: () => view.help(),
    quit,
  };
  const setLevel = (wanted: number): void => {
    level = Math.min(mostDetailed, Math.max(0, wanted));
    session?.setLogLevel(level);
    view.logLevel(level);
  };
  // From the start, so that Ctrl-C works during the first build.
  const stopSignals = io.onSignal(() => quit());
  const read = createKeyReader(io.keyboard?.isTTY === true);
  const stopKeys = io.keyboard?.listen((text) => {
    for (const action of read(text)) actions[action]();
  });
  try {
    const starting = startDevSession(options, io, view).then((started) => (session = started));
    await Promise.race([starting, quitting]);
    if (session !== undefined) await quitting;
    await (await starting).close();
  } finally {
    stopKeys?.();
    stopSignals();
  }
}
