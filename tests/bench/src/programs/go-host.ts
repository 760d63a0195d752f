import { once } from 'node:events';
import { join } from 'node:path';
import { runProgram } from '@enclos/host';
import { startPlatform } from '@enclos/software-sgx';
import { readSigned } from '../harness/signed-folder.ts';

/** A host of the Go server alone. Its argument is a folder with image and signature; it ends with its standard input. */
const folder = process.argv[2] ?? '';
const launcher = await startPlatform({ stateFolder: join(folder, 'platform') });
let heard = (_line: string): void => undefined;
const firstLine = new Promise<string>((resolve) => (heard = resolve));
const program = await runProgram({
  ...(await readSigned(folder)),
  launcher,
  listen: { echo: { port: 0 }, hash: { port: 0 } },
  onLog: (_level, text) => heard(text),
});
let isEnding = false;
// Without its line nothing can be measured, and the end of this process says so.
void program.exited.then(() => {
  if (!isEnding) process.exit(1);
});
const said: unknown = JSON.parse(await firstLine);
const portOf = (name: string): number => program.listeners[name]?.port ?? 0;
process.stdout.write(`${JSON.stringify({ ...Object(said), echo: portOf('echo'), hash: portOf('hash') })}\n`);
await once(process.stdin.resume(), 'end');
isEnding = true;
await program.dispose();
await launcher.close();
