import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInferenceClient, type InferenceClient } from '@enclos/inference-client';
import { createSealedCarrier } from '@enclos/inference-client/node';
import type { Tally } from '../program.ts';
import { markersIn } from './memory.ts';
import type { InferenceSite, ServiceLife } from './site.ts';

/** A text of characters that the model of the sample knows, and that stands nowhere else. */
const question = 'Xq7~ the marker of a question ~7qX ';
const rounds = 12;

export interface MarkerOptions {
  readonly site: InferenceSite;
  readonly life: ServiceLife;
  readonly tally: Tally;
}

/**
 * What clients ask and are answered is in the memory of the enclave, where a control finds it, and in that of no other process but the
 * client's: not the host's, not the platform's; and in no log and no temporary file. So it is with an encrypted model and its key, but that
 * engines have the model.
 */
export async function searchMarkers(options: MarkerOptions): Promise<void> {
  const { site, life, tally } = options;
  if (process.getuid?.() !== 0) return tally.skip('markers: another process cannot be searched without root');
  const carrier = createSealedCarrier();
  try {
    const client = createInferenceClient({ url: life.url, appraise: site.appraise, fetch: carrier.fetch });
    await searchTexts(client, options);
    await searchModel(client, options);
  } finally {
    carrier.close();
  }
}

async function searchTexts(client: InferenceClient, { site, life, tally }: MarkerOptions): Promise<void> {
  const answers: string[] = [];
  for (let seed = 1; seed <= rounds; seed++) answers.push(await answerTo(client, { url: life.url, seed }));
  const answer = answers.toSorted((a, b) => b.length - a.length)[0] ?? '';
  if (answer.length < 40) throw new Error('The answer is too short to be searched for.');
  // In JSON a quote or a line break is written otherwise.
  const piece = answer.split(/["\\\n]/).toSorted((a, b) => b.length - a.length)[0] ?? '';
  const texts = [question.trim(), piece.slice(0, 64)];
  const markers = texts.flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le')]);
  const { enclave, engines } = site.processes();
  await tally.check('control: the search finds the question in the memory of the enclave', async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      // Garbage may have gone, so the enclave works meanwhile.
      const asking = answerTo(client, { url: life.url, seed: 1 });
      const found = enclave.flatMap((id) => markersIn(id, markers));
      await asking;
      if (found.some((index) => index < 2)) return;
    }
    throw new Error('It is not found where it must be.');
  });
  await searchOutside('a question or an answer', markers, { site, life, tally });
  await tally.check('engines see numbers, and no text of a question', () => {
    if (engines.length === 0) throw new Error('There is no engine.');
    const found = engines.flatMap((id) => markersIn(id, markers));
    if (found.length > 0) throw new Error(`Markers ${found.join()} are there.`);
  });
}

async function searchModel(client: InferenceClient, { site, life, tally }: MarkerOptions): Promise<void> {
  const { secret } = site;
  await secret.use(client, life.url);
  const { engines } = site.processes();
  await tally.check('control: the search finds the weights of the encrypted model in the memory of an engine', () => {
    if (!engines.some((id) => markersIn(id, secret.markers).includes(0))) throw new Error('They are not there.');
  });
  await tally.check('no engine has the key of the encrypted model', () => {
    if (engines.some((id) => markersIn(id, secret.markers).includes(1))) throw new Error('It is there.');
  });
  await searchOutside('the encrypted model or its key', secret.markers, { site, life, tally });
}

/** In what an operator of the machine has without a look into the enclave. */
async function searchOutside(
  what: string,
  markers: readonly Buffer[],
  { site, life, tally }: MarkerOptions,
): Promise<void> {
  for (const [name, id] of [
    ['host', life.hostId],
    ['platform', site.platformId],
  ] as const) {
    await tally.check(`no marker of ${what} is in the memory of the ${name}`, () => {
      const found = markersIn(id, markers);
      if (found.length > 0) throw new Error(`Markers ${found.join()} are there.`);
    });
  }
  await tally.check(`no marker of ${what} is in what host and platform wrote, or in a file`, () => {
    const holding = filesBelow(site.folder).filter((path) =>
      markers.some((marker) => readFileSync(path).includes(marker)),
    );
    if (holding.length > 0) throw new Error(holding.join());
    const outputs = Buffer.from(site.outputs());
    if (markers.some((marker) => outputs.includes(marker))) throw new Error('A log has one.');
  });
}

async function answerTo(
  client: InferenceClient,
  { url, seed }: { readonly url: string; readonly seed: number },
): Promise<string> {
  const messages = [{ role: 'user', content: question }];
  const body = JSON.stringify({ model: 'characters', messages, seed, max_tokens: 100, temperature: 1.5 });
  const headers = { 'content-type': 'application/json' };
  const response = await client.fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  const said = (await response.json()) as {
    readonly choices?: readonly { readonly message: { readonly content: string } }[];
  };
  return said.choices?.[0]?.message.content ?? '';
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
