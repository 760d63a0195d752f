import './errors.ts';
import { fromHex } from '@enclos/codec';
import { parseCommand, type CommandShape } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { openPlatformAudit } from './platform-audit.ts';
import { startRefusal } from './platform/embedded.ts';
import { initializePlatform, openPlatform, stateFolders } from './platform/open.ts';
import { servePlatform, type PlatformServer } from './platform/server.ts';

const command = {
  description: ['The embedded platform process.'],
  arguments: {},
  options: {
    state: { type: 'string', value: 'FOLDER', required: true, summary: 'The state of the platform' },
    audit: { type: 'string', value: 'FILE', summary: 'The audit log' },
    'provision-signers': { type: 'string', value: 'HEX,HEX', summary: 'MRSIGNERs that may have PROVISIONKEY' },
  },
  examples: [],
  exitCodes: {},
  hasJson: false,
} as const satisfies CommandShape & { readonly hasJson: boolean };

function refuse(message: string, usage = 'main.js --state FOLDER [--audit FILE] [--provision-signers HEX,HEX]'): never {
  throw new Error(`${message} usage: ${usage}`);
}

/**
 * The embedded platform process: `main.js --state FOLDER [--audit FILE] [--provision-signers HEX,HEX]`. Its first line of output says
 * where it listens, and it ends when its standard input ends.
 */
async function main(): Promise<void> {
  const called = parseCommand({ name: 'main.js', command, refuse }, process.argv.slice(2));
  const { options } = called?.input ?? refuse('Only the host SDK starts this.');
  const { state, audit: auditFile, 'provision-signers': signers = '' } = options;
  const provisionSigners = signers.split(',').flatMap((hex) => (hex === '' ? [] : [fromHex(hex)]));
  await initializePlatform(state, new Date());
  const audit = auditFile === undefined ? undefined : await openPlatformAudit(auditFile);
  const services = await openPlatform({ ...stateFolders(state), audit, provisionSigners });
  const server = await servePlatform(services);
  endWithParent(server);
  process.stdout.write(`${server.socketPath}\n`);
}

function endWithParent(server: PlatformServer): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void server.close().finally(() => process.exit(0));
  };
  // Writing fails when the host died before it read where this process listens.
  process.stdout.on('error', end);
  process.stdin.on('end', end).on('error', end).resume();
  process.on('SIGTERM', end);
  // Ctrl-C reaches the whole group: the host decides when the platform ends.
  process.on('SIGINT', () => undefined);
}

main().catch((error: unknown) => {
  const text = isEnclosError(error)
    ? `${error.code}: ${error.message}\n${error.next}`
    : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`The platform could not start. ${text}\n`);
  // The host that waits for the first line reads the reason there.
  if (isEnclosError(error)) process.stdout.write(`${startRefusal(error)}\n`);
  process.exit(1);
});
