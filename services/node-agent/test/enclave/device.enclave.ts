import { createReport, defineEnclave, listen, quote, seal, unseal } from '@enclos/enclave';
import { device } from './device.edl.ts';

const taken: Uint8Array[] = [];

/** Sends back what comes. */
async function serve(): Promise<void> {
  for await (const connection of listen('echo')) {
    connection.on('error', () => connection.destroy());
    connection.pipe(connection);
  }
}

export const application = defineEnclave(
  device,
  {
    echo: ({ value }) => value,
    seal: ({ plaintext }) => seal(plaintext, { policy: 'enclave' }),
    unseal: ({ blob }) => unseal(blob, { policy: 'enclave' }),
    quote: ({ purpose, nonce }) => quote({ purpose, nonce, key: undefined }),
    report: ({ target }) => createReport(target, new Uint8Array(64).fill(7)),
    take({ mebibytes }) {
      // Memory that was only asked for is not there yet: the kernel gives it when it is written to.
      for (let i = 0; i < mebibytes; i += 1) taken.push(new Uint8Array(1024 * 1024).fill(1));
      return mebibytes;
    },
    wait: () => new Promise<Uint8Array>(() => undefined),
  },
  { start: () => void serve() },
);
