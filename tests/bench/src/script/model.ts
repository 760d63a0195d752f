import { bundleOf, makeServiceIdentity, Sandbox, type AppRequest } from '@enclos/consortium-app';
import { utf8 } from '@enclos/codec';
import type { ScriptEngine } from '@enclos/script';
import type { Figure } from '../harness/figures.ts';
import { interleave } from '../harness/statistics.ts';
import { application } from './application.ts';
import { bareEngine } from './bare.ts';

const atOnce = 50;
const rounds = 9;
const warmUpMs = 3000;

/** What a user of an application sees: requests through routes, callers, handlers, transactions and entries of the ledger. */
export async function wholeRequests(engine: ScriptEngine): Promise<Figure> {
  const [ours, peer] = [openSandbox(engine), openSandbox(bareEngine())];
  try {
    for (const sandbox of [ours, peer]) {
      for (const end = performance.now() + warmUpMs; performance.now() < end;) await microsEach(sandbox);
    }
    const compared = await interleave(
      rounds,
      () => microsEach(ours),
      () => microsEach(peer),
    );
    return {
      what: 'script: the same POST through the whole application model; on a bare context of V8',
      ours: `${compared.ours.toFixed(1)} µs`,
      peer: `${compared.peer.toFixed(1)} µs`,
      ratio: compared.ratio.toFixed(2),
    };
  } finally {
    ours.close();
    peer.close();
  }
}

/** An application with one endpoint in a sandbox. */
export function openSandbox(engine: ScriptEngine): Sandbox {
  const identity = makeServiceIdentity(['127.0.0.1']);
  const sandbox = new Sandbox({ engine, identity, members: [], users: [], address: '127.0.0.1:8000' });
  const endpoint = {
    js_module: 'app.js',
    js_function: 'post',
    authn_policies: ['no_auth'],
    forwarding_required: 'never',
    mode: 'readwrite',
    interpreter_reuse: { key: 'records' },
  };
  const metadata = utf8(JSON.stringify({ endpoints: { '/records': { post: endpoint } } }));
  sandbox.deploy(bundleOf(metadata, [{ name: 'app.js', source: application }]));
  return sandbox;
}

async function microsEach(sandbox: Sandbox): Promise<number> {
  const turns = 20;
  const start = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    const answers = await Promise.all(Array.from({ length: atOnce }, (_, at) => sandbox.submit(postRequest(at))));
    const wrong = answers.find(({ status }) => status !== 200 && status !== 201);
    if (wrong !== undefined) throw new Error(`A request was answered with ${wrong.status}.`);
  }
  return ((performance.now() - start) * 1000) / (turns * atOnce);
}

/** Each has a key of its own: those of one stage that write the same one would run again. */
export function postRequest(at: number): AppRequest {
  const body = utf8(JSON.stringify({ id: `record-${at}`, value: 'a text of some length, as records have' }));
  const headers = new Map([['content-type', 'application/json']]);
  return { method: 'POST', path: '/app/records', query: '', headers, body };
}
