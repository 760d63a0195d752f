/** What a connection of a host program is for: see `DeveloperTool` of @enclos/host. */
export type ToolGreeting =
  | { readonly kind: 'log' }
  | { readonly kind: 'inspector'; readonly name: string; readonly mrEnclave: string };

export const maxGreetingBytes = 256;

/** The first line of a connection, or undefined for anything else. */
export function parseGreeting(line: string): ToolGreeting | undefined {
  if (line === 'log') return { kind: 'log' };
  const [, name, mrEnclave] = /^inspector ([a-z][a-z0-9-]{0,62}) ([0-9a-f]{64})$/.exec(line) ?? [];
  return name === undefined || mrEnclave === undefined ? undefined : { kind: 'inspector', name, mrEnclave };
}

export interface StartedEnclave {
  readonly name: string;
  readonly mrEnclave: string;
}

/** How the connections of a listener or destination reach the enclave that the next `started` names. */
export interface StartedStream {
  readonly kind: 'listen' | 'connect';
  readonly name: string;
  readonly transport: 'relayed' | 'passed';
}

/** An enclave that runs, with its streams as far as the host program told of them. */
export interface RunningEnclave extends StartedEnclave {
  readonly streams: readonly StartedStream[];
}

/** More than a manifest may have. */
const maxStreams = 256;

/** Notices on a `log` connection: each enclave that runs, after its streams. Anything else is passed over. */
export function createNoticeReader(started: (enclave: RunningEnclave) => void): (line: string) => void {
  let streams: StartedStream[] = [];
  return (line) => {
    const stream = parseStream(line);
    if (stream !== undefined && streams.length < maxStreams) streams.push(stream);
    const enclave = parseStarted(line);
    if (enclave === undefined) return;
    started({ ...enclave, streams });
    streams = [];
  };
}

function parseStream(line: string): StartedStream | undefined {
  const [, kind, transport, encoded] = /^stream (listen|connect) (relayed|passed) (\S+)$/.exec(line) ?? [];
  if (kind !== 'listen' && kind !== 'connect') return undefined;
  if ((transport !== 'relayed' && transport !== 'passed') || encoded === undefined) return undefined;
  try {
    return { kind, name: decodeURIComponent(encoded), transport };
  } catch {
    return undefined;
  }
}

/** Undefined for anything else than a notice that an enclave runs. */
function parseStarted(line: string): StartedEnclave | undefined {
  const [, name, mrEnclave] = /^started ([a-z][a-z0-9-]{0,62}) ([0-9a-f]{64})$/.exec(line) ?? [];
  return name === undefined || mrEnclave === undefined ? undefined : { name, mrEnclave };
}
