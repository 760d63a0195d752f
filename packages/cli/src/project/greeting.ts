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

/** A notice on a `log` connection: an enclave runs. Undefined for anything else. */
export function parseStarted(line: string): StartedEnclave | undefined {
  const [, name, mrEnclave] = /^started ([a-z][a-z0-9-]{0,62}) ([0-9a-f]{64})$/.exec(line) ?? [];
  return name === undefined || mrEnclave === undefined ? undefined : { name, mrEnclave };
}
