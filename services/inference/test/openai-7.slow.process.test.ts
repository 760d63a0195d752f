import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { toHex } from '@enclos/codec';
import { createInferenceClient } from '@enclos/inference-client';
import { createInferenceProxy } from '@enclos/inference-client/node';
import { findInterpreter } from '@enclos/isolation';
import { measurement, nowMs, openFetch, url } from './client-scene.ts';

const run = promisify(execFile);
/** It is for Node 22 and later, so no dependency of a repository that Node 20 installs. */
const version = '7.59.0';

/** What its users write, for a Node that it is made for. */
const program = `
  import OpenAI from 'openai';
  const openai = new OpenAI({ maxRetries: 0 });
  const question = { model: 'speaker', messages: [{ role: 'user', content: 'a' }], temperature: 0, max_tokens: 4 };
  const whole = await openai.chat.completions.create(question);
  let streamed = '';
  for await (const { choices } of await openai.chat.completions.create({ ...question, stream: true })) {
    streamed += choices[0]?.delta.content ?? '';
  }
  const models = [];
  for await (const { id } of openai.models.list()) models.push(id);
  const absent = await openai.chat.completions.create({ ...question, model: 'absent' }).catch(({ status }) => status);
  console.log(JSON.stringify({ node: process.version, whole: whole.choices[0].message.content, streamed, models, absent }));
`;

async function installed(folder: string): Promise<boolean> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(join(folder, 'program.js'), program);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--engine-strict=false'];
  try {
    await run('npm', ['install', ...flags, `openai@${version}`], { cwd: folder, timeout: 120_000 });
    return true;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return false;
  }
}

test("OpenAI's client 7 from npm works unchanged against the proxy, on the Node of enclaves", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-openai-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (!(await installed(folder))) return t.skip('needs openai from a registry of npm');
  let receipts = 0;
  const client = createInferenceClient({
    url,
    receipts: 'require',
    appraise: async ({ evidence }) => ({ tee: 'sgx', measurement, reportData: toHex(evidence) }),
    onReceipt: () => receipts++,
    fetch: (await openFetch()).fetch,
    nowMs,
  });
  const proxy = createInferenceProxy({ client, url });
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => proxy.close());
  const env = { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_API_KEY: 'none' };
  const { stdout } = await run(findInterpreter().path, ['program.js'], { cwd: folder, env, timeout: 30_000 });
  const said = JSON.parse(stdout) as Readonly<Record<'node' | 'whole' | 'streamed', string>> & {
    readonly models: readonly string[];
    readonly absent: unknown;
  };
  assert.match(said.node, /^v2[4-9]\./);
  assert.ok(said.streamed.length > 0);
  assert.equal(said.whole, said.streamed);
  assert.deepEqual([said.models.includes('speaker'), said.absent, receipts], [true, 404, 2]);
});
