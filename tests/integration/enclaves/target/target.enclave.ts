import { utf8 } from '@enclos/codec';
import { defineEnclave, openMount, trustedFile } from '@enclos/enclave';
import { target } from './target.edl.ts';

const nothing = new Uint8Array();

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
});
