import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { ByteWriter } from '@enclos/codec';

/** The files of the relay that are compiled. */
export const units: readonly string[] = [
  'start',
  'main',
  'words',
  'prepare',
  'gate',
  'streams',
  'log',
  'dns',
  'filter',
].map((one) => `${one}.c`);

interface Header {
  readonly kind: number;
  readonly table?: number;
  readonly index?: number;
  readonly id?: number;
  readonly parent?: number;
  readonly payload?: Uint8Array;
}

export function frame({
  kind,
  table = 0,
  index = 0,
  id = 0,
  parent = 0,
  payload = new Uint8Array(),
}: Header): Uint8Array {
  return new ByteWriter()
    .u32(16 + payload.length)
    .u8(kind)
    .u8(table)
    .u16(index)
    .u32(id)
    .u32(parent)
    .u32(0)
    .bytes(payload)
    .finish();
}

export const hello = frame({ kind: 1, payload: new Uint8Array(8) });

/** How a relay ends, which a command may start, that gets these bytes of its host, and the end of them. */
export async function endOf([relay = '', ...before]: readonly string[], bytes: Uint8Array): Promise<number | string> {
  const words = [...before, 'run', 'g00', 'l8080.web', 'cdb', 'n1.db', 'eOPEN', 'o', '-', '/bin/cat'];
  const child = spawn(relay, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: {} });
  // Descriptor 3 is a socket, of which Node makes a stream. The program ends at once: nothing here would end it.
  const gate = child.stdio[3];
  if (!(gate instanceof Duplex)) throw new Error('There is no descriptor 3.');
  gate.on('error', () => undefined);
  gate.resume();
  gate.end(bytes);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}
