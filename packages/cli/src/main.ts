import './errors.ts';
import { onProcessSignal, wantsColor, type Io, type Keyboard, type OutputStream } from '@enclos/cli-frame';
import { allowEarlyEnd } from '@enclos/command-line';
import { runCli } from './run-cli.ts';

function streamOf(stream: NodeJS.WriteStream): OutputStream {
  const isTTY = stream.isTTY ?? false;
  allowEarlyEnd(stream);
  return {
    write: (output) => {
      stream.write(output);
    },
    isTTY,
    color: wantsColor(process.env, isTTY),
    ...(isTTY ? { columns: stream.columns } : {}),
  };
}

const keyboard: Keyboard = {
  get isTTY() {
    return process.stdin.isTTY ?? false;
  },
  listen(handler) {
    const { stdin } = process;
    // Ctrl-C comes as a key then.
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.setEncoding('utf8').on('data', handler).on('error', ignore).resume();
    return () => {
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.off('data', handler).pause();
    };
  },
};

function ignore(): void {
  return undefined;
}

/**
 * Runs a command line with the streams of this process, and sets its exit code.
 * @param argv the command line of this process, unless another program passes its own on
 */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  const io: Io = {
    stdout: streamOf(process.stdout),
    stderr: streamOf(process.stderr),
    stdin: {
      [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
    },
    keyboard,
    cwd: process.cwd(),
    env: process.env,
    now: () => new Date(),
    children: 'inherit',
    onSignal: onProcessSignal,
  };
  process.exitCode = await runCli(argv, io);
}
