import { utf8 } from '@enclos/codec';
import { defineEnclave, listen, openMount, trustedFile, type Connection } from '@enclos/enclave';
import { target } from './target.edl.ts';

const nothing = new Uint8Array();
let isServing = false;

async function take(name: string, use: (connection: Connection) => void): Promise<void> {
  for (;;) {
    try {
      for await (const connection of listen(name)) use(connection);
      return;
    } catch {
      // One was refused. The next may be given.
    }
  }
}

export const application = defineEnclave(target, {
  numbers: (args) => args,
  texts: (args) => args,
  data: (args) => args,
  tree: (args) => args,
  ask: (_, { host }) => host.give({ count: 0 }),
  async storm({ calls }, { host }) {
    const answers = await Promise.allSettled(Array.from({ length: calls }, (_, count) => host.give({ count })));
    return answers.filter(({ status }) => status === 'fulfilled').length;
  },
  nest: async ({ depth }, { host }) => (depth === 0 ? 0 : 1 + ((await host.nest({ depth: depth - 1 })) % 256)),
  async wait(_, { signal }) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
  async file({ how, path }) {
    const mount = openMount('/state');
    switch (how) {
      case 'trusted':
        return trustedFile('/models/trusted.txt');
      case 'read':
        return (await mount.readFile(path)) ?? nothing;
      case 'list':
        return utf8((await mount.list(path)).map(({ name }) => name).join('\n')).subarray(0, 100_000);
      case 'write':
        await mount.writeFile(path, utf8(path));
        return nothing;
      case 'remove':
        await mount.remove(path);
        return nothing;
    }
  },
  serve() {
    if (isServing) return;
    isServing = true;
    void take('echo', (connection) => void connection.pipe(connection));
    void take('mute', () => undefined);
  },
});
