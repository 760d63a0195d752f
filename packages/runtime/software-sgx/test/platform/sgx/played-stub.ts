import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePlatformRequest, type PlatformRequest } from '@enclos/sgx-stub/wire';
import type { Stub } from '@enclos/sgx-stub';

/** What a played stub does at a moment of its boot, in place of what it should. */
export type Misbehaviour =
  /** Ends before it says that it is ready. */
  | 'dies-early'
  /** Never says that it is ready. */
  | 'silent'
  /** Takes no pages. */
  | 'stalls'
  /** Ends as for pages that it refuses. */
  | 'refuses';

/**
 * A program that plays the stub: it has its descriptors, takes a stream and the record that starts it, and then does what lines on
 * its first gate say. It runs nothing, and runs only without the layers of the machine, because it is a script.
 */
export function playedStub(folder: string, misbehaviour?: Misbehaviour): Stub {
  const path = join(folder, 'played-stub');
  const program = `(${play.toString()})(require, ${JSON.stringify(misbehaviour ?? '')});\n`;
  writeFileSync(path, `#!${process.execPath}\n${program}`);
  chmodSync(path, 0o755);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { path, sha256, securityVersion: 1, compiler: 'none' };
}

/** A line for the first gate: asks the platform, and answers with what came, in hex. */
export function askLine(request: PlatformRequest): string {
  return rawLine(encodePlatformRequest(request));
}

/** The same with any bytes. */
export function rawLine(bytes: Uint8Array): string {
  return `ask ${Buffer.from(bytes).toString('hex')}\n`;
}

/** It becomes the text of a program, so it must not refer to anything outside itself. */
function play(require: NodeJS.Require, misbehaviour: string): void {
  const { Socket } = require('node:net') as typeof import('node:net');
  const { createHash: hashOf } = require('node:crypto') as typeof import('node:crypto');
  const fs = require('node:fs') as typeof import('node:fs');
  const isOpen = (fd: number): boolean => {
    try {
      return fs.fstatSync(fd).isSocket();
    } catch {
      return false;
    }
  };
  const open = (fd: number): import('node:net').Socket => {
    const socket = new Socket({ fd });
    socket.on('error', () => process.exit(71)).on('end', () => process.exit(71));
    return socket;
  };
  if (misbehaviour === 'dies-early') process.exit(65);
  const boot = new Socket({ fd: 5 });
  boot.on('error', () => process.exit(64));
  if (misbehaviour === 'silent') return void boot.resume();
  boot.write('r');
  if (misbehaviour === 'stalls') return void setInterval(() => boot.listenerCount('data'), 1000);

  const stream = hashOf('sha256');
  let pieces = Buffer.alloc(0);
  boot.on('data', (chunk) => {
    pieces = Buffer.concat([pieces, chunk]);
    for (;;) {
      const tag = pieces.toString('latin1', 0, 8);
      const bytes = tag === 'EEXTEND\0' || tag === 'UNMEASRD' ? 320 : 64;
      if (pieces.length < bytes) return;
      const record = pieces.subarray(0, bytes);
      pieces = pieces.subarray(bytes);
      if (misbehaviour === 'refuses') process.exit(64);
      if (tag === 'ENCLOSGO') return run(record);
      stream.update(record);
    }
  });

  const run = (go: Buffer): void => {
    const threads = go.readUInt32LE(16);
    const digest = stream.digest('hex');
    const platform = open(4);
    const gates = [3, ...Array.from({ length: threads - 1 }, (_, i) => 9 + i)].map(open);
    gates.forEach((gate, i) => {
      gate.write(`${JSON.stringify({ thread: i, go: go.toString('hex'), stream: digest })}\n`);
      gate.resume();
    });
    const sockets = Array.from({ length: 80 }, (_, fd) => fd).filter((fd) => fd > 2 && isOpen(fd));
    gates[0]?.on('data', (line) => {
      const [word = '', hex = ''] = String(line).trim().split(' ');
      if (word === 'ask') platform.write(Buffer.from(hex, 'hex'));
      if (word === 'open') gates[0]?.write(`${JSON.stringify(sockets)}\n`);
      if (word === 'env') gates[0]?.write(`${JSON.stringify([process.env, process.argv.length])}\n`);
      if (word === 'exit') process.exit(Number(hex));
      if (word === 'kill') process.kill(process.pid, hex);
    });
    platform.on('data', (bytes) => gates[0]?.write(`${JSON.stringify(bytes.toString('hex'))}\n`));
  };
}
