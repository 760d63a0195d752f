import { readFile } from 'node:fs/promises';
import type { Io } from '@enclos/cli-frame';
import { inspectorLayer } from '@enclos/isolation';
import type { IsolationLayer, PlatformDescription } from '@enclos/tee';
import { createInspectedEnclave, type InspectedEnclave } from './inspected-enclave.ts';
import { serveInspector, type DebuggerAddress, type InspectorServer } from './inspector-server.ts';
import { sourceMapUrl } from './source-map-url.ts';
import type { RunningEnclave } from '../../project/greeting.ts';
import { openToolSocket, type ToolSocket } from '../../project/tool-socket.ts';
import { projectKey } from '../../project/development-key.ts';
import { runHostProcess } from '../../project/host-process.ts';
import { hostEnvironment, loadProjectFor, prepare, type BuildEvents, type SignedBuild } from '../../project/prepare.ts';
import { openProjectPlatform } from '@enclos/cli-platform/open';
import type { RunOptions, RunOutcome } from '../../project/run-options.ts';
import { watchSealing } from '../../project/sealing/closed-state.ts';

export interface DebugOptions extends Omit<RunOptions, 'debug'> {
  /** Port of the inspector on 127.0.0.1; 0 for any. */
  readonly port: number;
  /** Whether `/json` lists the enclaves for anyone who can reach the port. */
  readonly discoverable: boolean;
  /** Holds each enclave before its first statement until a debugger lets it run. */
  readonly wait: boolean;
}

/** What `debug` reports while it works. */
export interface DebugEvents extends BuildEvents {
  /** `layers` includes what the inspector takes away. */
  platform(description: PlatformDescription, lost: IsolationLayer): void;
  listening(listUrl: string): void;
  /** An enclave of the host program runs. */
  running(enclave: RunningEnclave): void;
  /** An enclave has an inspector. */
  inspected(enclave: InspectedEnclave, address: DebuggerAddress): void;
}

/**
 * Builds a debug enclave and runs the host program with the inspector of each of
 * its enclaves on 127.0.0.1. Always a debug build: there is no way to ask for
 * the inspector of a production enclave, and host SDK, platform and loader each refuse one.
 * @throws what `run` throws; CLI_ADDRESS_IN_USE.
 */
export async function debug(options: DebugOptions, io: Io, events: DebugEvents): Promise<RunOutcome> {
  const project = await loadProjectFor(options.folder, { debug: true });
  const { host, isolation } = options;
  const key = () => projectKey(project.folder, options.keyFile);
  const { build, script } = await prepare(project, { debug: true, host, key }, { io, events });
  const server = await serveInspector(options);
  const closing: (() => Promise<void>)[] = [() => server.close()];
  try {
    const platform = await events.during('starting the platform', () => openProjectPlatform(options));
    closing.unshift(() => platform.launcher.close());
    events.platform(platform.description, inspectorLayer);
    await watchSealing({ projectFolder: project.folder, build, platform, options }, io, events);
    const tool = await openInspectedTool(server, options, { build, folder: project.folder, events });
    closing.unshift(() => tool.close());
    events.listening(server.listUrl);
    const env = hostEnvironment(io, {
      build,
      platformSocket: platform.socketPath,
      isolation,
      tool: { socketPath: tool.path, inspects: true },
    });
    return { exitCode: await runHostProcess({ script, args: options.args, cwd: project.folder, env }, io) };
  } finally {
    for (const close of closing) await close();
  }
}

interface Inspection {
  readonly build: SignedBuild;
  readonly folder: string;
  readonly events: DebugEvents;
}

/** Gives each inspector that the host program opens a separate address. */
async function openInspectedTool(
  server: InspectorServer,
  { wait }: DebugOptions,
  { build, folder, events }: Inspection,
): Promise<ToolSocket> {
  const mapUrl = sourceMapUrl(await readFile(build.sourceMap, 'utf8'), folder);
  let last = 0;
  return openToolSocket({
    logLevel: mostDetailed,
    onStarted: (enclave) => events.running(enclave),
    onInspector(stream, enclave) {
      const isOurs = enclave.mrEnclave === build.outcome.mrEnclave;
      const made = createInspectedEnclave({
        number: ++last,
        enclave,
        stream,
        // A host program may load other enclaves: their sources are not ours.
        sourceMapUrl: isOurs ? mapUrl : undefined,
        waits: wait,
      });
      stream.once('close', () => server.remove(made));
      events.inspected(made, server.add(made));
    },
  });
}

const mostDetailed = 4;
