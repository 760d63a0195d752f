import type { Caller, Functions, Handlers, Interface } from '@enclos/edl';
import { MAX_TIMEOUT_MS } from '@enclos/gate';
import type { Isolation, Launcher } from '@enclos/tee';
import type { DestinationAddress, StreamAddress } from '../services/addresses.ts';
import type { DeveloperTool } from '../debug/developer-tool.ts';
import type { LogLevel } from '../observe/logger.ts';
import type { WatchOptions } from '../observe/watch.ts';
import { requireRange } from './option-range.ts';

/** What an untrusted function gets besides its arguments. */
export interface HostContext<T extends Functions> {
  /** Trusted functions, called as part of the enclave's call. */
  readonly enclave: Caller<T>;
  readonly signal: AbortSignal;
}

/** How an enclave of any kind is started, watched and ended. */
export interface StartOptions extends WatchOptions {
  /** Default `strict`: refuse to start unless every layer is active. */
  readonly isolation?: Isolation | undefined;
  /** How long the enclave may take for its first answer, or a signed one for launch and initialisation. Default 30 seconds. */
  readonly startTimeoutMs?: number | undefined;
  /** How long `dispose` waits for the end of the process; `Infinity`: any time. Default 10 seconds. */
  readonly disposeTimeoutMs?: number | undefined;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export interface LoadOptions<T extends Functions, U extends Functions> extends StartOptions {
  /** The image (SGXS stream) and its SIGSTRUCT. */
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  /** The interface that the image was built with. */
  readonly interface: Interface<T, U>;
  /** The functions that the host offers. */
  readonly untrusted: Handlers<U, HostContext<T>>;
  /** What starts the enclave: see `connectSoftwarePlatform` and `startPlatform`. */
  readonly launcher: Launcher;
  readonly mounts?: Readonly<Record<string, string>> | undefined;
  readonly trustedFiles?: Readonly<Record<string, string>> | undefined;
  /**
   * The folder NAME.files that `enclos build` writes beside an image with companions, as `fromEnvironment` gives it. The platform checks what
   * it reads there.
   */
  readonly companionFiles?: string | undefined;
  /** Where to listen for each listener of the manifest. Default: its port, at `listenAddress`. */
  readonly listen?: Readonly<Record<string, StreamAddress>> | undefined;
  /** The address of every listener for which `listen` names none, as `fromEnvironment` gives it. Default: 127.0.0.1. */
  readonly listenAddress?: string | undefined;
  /** Replaces the declared address of a destination of the manifest. A function is asked for each connection. */
  readonly connect?: Readonly<Record<string, DestinationAddress>> | undefined;
  /** Values for the variables that the manifest takes from the host. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /**
   * Gets every line of the enclave as it arrives, with its level, `error` to `trace`; without a `logger` also a line of the host, of
   * level `warn`, when a destination cannot be reached. It must bound what it keeps; a `logger` is bounded already.
   */
  readonly onLog?: ((level: LogLevel, text: string) => void) | undefined;
  /** Source map of a debug image, NAME.map: traces of the enclave then show its sources. */
  readonly sourceMap?: string | undefined;
  /** From {@link fromEnvironment}. While it inspects, calls have no deadline: a breakpoint may hold them. */
  readonly developerTool?: DeveloperTool | undefined;
  /**
   * How long a call without a `timeoutMs` may take, and at most an eighth more; `Infinity`: any time. Default 60
   * seconds. A call of the host by the enclave takes as long as the call that it belongs to.
   */
  readonly callTimeoutMs?: number | undefined;
}

/** How long an enclave may take for its first answer. */
export const defaultStartTimeoutMs = 30_000;
/** How long `dispose` waits. */
export const defaultDisposeTimeoutMs = 10_000;

const timeouts = ['startTimeoutMs', 'callTimeoutMs', 'disposeTimeoutMs'] as const;

/** @throws HOST_OPTION_INVALID */
export function requireTimeouts(options: Pick<LoadOptions<Functions, Functions>, (typeof timeouts)[number]>): void {
  for (const name of timeouts) {
    const orInfinity = name !== 'startTimeoutMs';
    requireRange(name, options[name] ?? 1, { min: 1, max: MAX_TIMEOUT_MS, orInfinity });
  }
}
