import { defineEnclave, log, openMount, quote } from '@enclos/enclave';
import { app, purpose } from './greeter-app.edl.ts';

export const application = defineEnclave(app, {
  async run({ challenge }) {
    // The host's folder: these files are whatever the host says that they are.
    const input = openMount('/in');
    const texts = (await input.list('')).filter(({ kind }) => kind === 'file').map(({ name }) => name);
    const counts: string[] = [];
    for (const name of texts.toSorted((left, right) => (left < right ? -1 : 1))) {
      const content = await input.readFile(name);
      if (content === undefined) continue;
      const words = new TextDecoder().decode(content).split(/\s+/).filter(Boolean);
      counts.push(`${name}: ${words.length} words`);
      log.debug(`counted ${name}`);
    }
    const result = counts.join('\n');
    await openMount('/out').writeFile('result.txt', new TextEncoder().encode(result));
    const key = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(result)));
    return { files: counts.length, result, evidence: await quote({ purpose, nonce: challenge, key }) };
  },
});
