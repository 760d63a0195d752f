import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { concatBytes, fromBase64url, toHex, utf8 } from '@enclos/codec';
import {
  currentKey,
  decodeBhttpResponse,
  encodeBhttpRequest,
  kemIds,
  ohttpProfile,
  parseKeySet,
  sealOhttpRequest,
  type BhttpField,
} from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import { createNativeEngine, type OnnxruntimeBinding } from '@enclos/inference-engine/native';
import { createWasmEngine } from '@enclos/inference-engine/wasm';
import { runService, type RunningService } from '@enclos/inference-service';
import { signatureKeyOfSpki } from '@enclos/jose';
import { inferRequestBody, parseInferResponse, readHeaderLength, tensorOf, wholeBody } from '@enclos/open-inference';
import { createWorkshop, serviceEnvironment, signingKey } from '@enclos/process-kit';
import { callsOf, followStarts, noStrace } from '@enclos/process-kit/processes/followed-calls';
import { commandOf, until } from '@enclos/process-kit/processes/process-watch';
import { descendants } from '@enclos/process-kit/processes/processes';
import { enclosBin, startProgram } from '@enclos/process-kit/processes/programs';
import { inferenceReportData, readInferenceReport, verifyReceipt, type InferenceReport } from '@enclos/receipts';
import { parseQuote } from '@enclos/sgx';
import { openVendor, singleUserAdvisory, stateFolders } from '@enclos/software-sgx';
import OpenAI from 'openai';

const serviceFolder = fileURLToPath(new URL('../../../../services/inference', import.meta.url));
const modelFolder = fileURLToPath(new URL('../../../../samples/inference/models', import.meta.url));
const engine = nodeEngine();
/** What is sealed needs no more of TLS. */
const agent = new Agent({ rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
const workshop = createWorkshop();
const models = join(workshop.folder, 'models');
let service: RunningService;

interface HttpAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...service.address, method, path, headers, agent }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(pieces),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function reportOf(query = ''): Promise<InferenceReport> {
  const { status, body } = await ask('GET', `/v1/attestation/report${query}`);
  assert.equal(status, 200);
  return readInferenceReport(Buffer.from(body).toString('utf8'));
}

/** One sealed request, and its opened answer. */
async function askSealed(path: string, body: Uint8Array, fields: readonly BhttpField[]): Promise<HttpAnswer> {
  const config = currentKey(parseKeySet((await reportOf()).keySet), Date.now(), [kemIds.x25519]);
  const inside = encodeBhttpRequest(
    { method: 'POST', scheme: 'https', authority: 'inference.test', path, fields },
    body,
  );
  const sealed = await sealOhttpRequest(engine, { profile: ohttpProfile, config }, inside);
  const answer = await ask('POST', '/ohttp', { 'content-type': ohttpProfile.requestType }, sealed.message);
  assert.equal(answer.status, 200, Buffer.from(answer.body).toString('utf8'));
  const opened = decodeBhttpResponse(await sealed.openResponse(answer.body, { maxBytes: 1_048_576 }), {
    maxContentBytes: 1_048_576,
  });
  return { status: opened.head.status, headers: new Map(opened.head.fields), body: opened.content };
}

/** A picture that looks a little like a one. */
const pixels = Float32Array.from({ length: 64 }, (_, at) => (at % 8 === 3 || at % 8 === 4 ? 0.9 : 0));
const digits = inferRequestBody({
  inputs: [tensorOf('input', 'FP32', pixels, [1, 1, 8, 8])],
  areInputsBinary: true,
  areOutputsBinary: true,
});
const digitFields: readonly BhttpField[] = [['inference-header-content-length', String(digits.headerLength)]];

const requireOfEngine = createRequire(createRequire(import.meta.url).resolve('@enclos/inference-engine'));
const nativeEngine = (): Engine => {
  const main = dirname(requireOfEngine.resolve('onnxruntime-node'));
  const file = join(main, '..', 'bin', 'napi-v6', process.platform, process.arch, 'onnxruntime_binding.node');
  // What the file exports is fixed by its version.
  return createNativeEngine(requireOfEngine(file) as OnnxruntimeBinding);
};
const wasmEngine = (): Engine => {
  const file = join(dirname(requireOfEngine.resolve('onnxruntime-web')), 'ort-wasm-simd-threaded.wasm');
  return createWasmEngine(new Uint8Array(readFileSync(file)));
};

/** What an engine computes outside. */
function scoresOf(outside: Engine): Uint8Array {
  const session = outside.load(readFileSync(join(modelFolder, 'digits-1.onnx')), { threads: 1 });
  const [scores] = session.run([{ index: 0, shape: [1, 1, 8, 8], data: new Uint8Array(pixels.buffer) }], [0]);
  return scores?.data ?? new Uint8Array();
}

type Engine = ReturnType<typeof createNativeEngine>;

interface SignedService {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly companionFiles: string;
  readonly imageFile: string;
}

async function signedService(folder: string, out: string): Promise<SignedService> {
  const { image, paths } = await buildEnclave(await loadProject(folder), { outFolder: workshop.subfolder(out) });
  const signature = signEnclave({ image, key: signingKey('first'), date: new Date('2026-06-01') });
  return { image, signature, companionFiles: paths.companionFiles, imageFile: paths.image };
}

let signed: SignedService;
let platform: Awaited<ReturnType<typeof workshop.startPlatform>>;

const start = (folder: string, { image, signature, companionFiles } = signed): Promise<RunningService> =>
  runService(
    { models: folder, listen: { host: '127.0.0.1', port: 0 }, admin: { host: '127.0.0.1', port: 0 } },
    {
      environment: serviceEnvironment({ image, signature, companionFiles }, platform),
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    },
  );

before(async () => {
  cpSync(modelFolder, models, { recursive: true });
  signed = await signedService(serviceFolder, 'image');
  platform = await workshop.startPlatform('here');
  service = await start(models);
});
after(async () => {
  agent.destroy();
  await service?.stop();
  await workshop.close();
});

async function answersAs(outside: Engine): Promise<void> {
  const { status, headers, body } = await askSealed('/v2/models/digits/infer', wholeBody(digits), digitFields);
  assert.equal(status, 200);
  const headerLength = readHeaderLength(headers.get('inference-header-content-length'));
  const { outputs } = parseInferResponse(body, { headerLength });
  assert.deepEqual(outputs[0]?.data, new Uint8Array(scoresOf(outside)));
}

async function streamsAnswer(): Promise<void> {
  const chat = {
    model: 'characters',
    messages: [{ role: 'user', content: 'The enclave ' }],
    stream: true,
    seed: 1,
    max_tokens: 20,
  };
  const { status, body } = await ask(
    'POST',
    '/v1/chat/completions',
    { 'content-type': 'application/json' },
    utf8(JSON.stringify(chat)),
  );
  const text = Buffer.from(body).toString('utf8');
  assert.equal(status, 200, text);
  assert.match(text, /data: \[DONE\]\n\nevent: enclos-receipt\ndata: [\w-]{100,}\n\n$/);
  assert.ok((text.match(/"content":"[^"]/g)?.length ?? 0) >= 10);
}

describe('the inference service in its enclave', () => {
  test('a sealed request is answered with the bytes that the same engine gives outside', () =>
    answersAs(nativeEngine()));

  test('its evidence is about its keys, its models and the nonce of the client', async () => {
    const nonce = createHash('sha256').update('nonce').digest();
    const { keySet, evidence, models: reported } = await reportOf(`?nonce=${nonce.toString('hex')}`);
    const digest = createHash('sha256').update(keySet).digest();
    const quote = parseQuote(evidence.value);
    assert.ok('report' in quote.body && 'reportData' in quote.body.report);
    assert.deepEqual(quote.body.report.reportData, await inferenceReportData(digest, nonce));
    const file = readFileSync(join(modelFolder, 'digits-1.onnx'));
    assert.equal(
      reported.find(({ name }) => name === 'digits')?.digest,
      createHash('sha256').update(file).digest('hex'),
    );
  });

  test('a receipt holds for its request and answer, and for no other', async () => {
    const body = wholeBody(digits);
    const answer = await askSealed('/v2/models/digits/infer', body, digitFields);
    const { keySet, evidence } = await reportOf();
    const keys = [signatureKeyOfSpki(parseKeySet(keySet).receiptKey)];
    const receipt = fromBase64url(answer.headers.get('enclos-receipt') ?? '');
    const options = { keys, request: body, response: answer.body, evidence: evidence.value };
    const { claims } = await verifyReceipt(receipt, options);
    assert.deepEqual([claims.model, claims.tee], ['digits', 'sgx']);
    assert.equal(claims.measurement, Buffer.from(service.mrEnclave).toString('hex'));
    const other = { ...options, response: concatBytes(answer.body, utf8(' ')) };
    await assert.rejects(verifyReceipt(receipt, other), { code: 'RECEIPT_MISMATCH' });
  });

  test('a chat completion is streamed, with its receipt at the end', () => streamsAnswer());

  for (const transport of ['session', 'attested-tls']) {
    test(`\`enclos proxy --inference --transport ${transport}\` lets clients of OpenAI's API and of the Open Inference Protocol work unchanged`, async () => {
      const { rootPem } = await openVendor(stateFolders(workshop.stateFolder('here')).vendorFolder);
      const policy: SgxPolicy = {
        mrEnclave: [toHex(service.mrEnclave)],
        minimumSecurityVersion: 1,
        acceptedStatuses: ['CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [(await softwareRoot(rootPem)).fingerprint],
      };
      const folder = workshop.subfolder(`proxy-${transport}`);
      writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
      const url = `https://127.0.0.1:${service.address.port}`;
      const given = [
        '--inference',
        url,
        '--policy',
        'policy.json',
        '--listen',
        '127.0.0.1:0',
        '--transport',
        transport,
        '--json',
      ];
      const proxy = startProgram([process.execPath, enclosBin, 'proxy', ...given], { cwd: folder });
      try {
        const listening = await proxy.until(/"listening","address":"(?<address>[^"]+)"/);
        const base = `http://${listening.groups?.['address']}`;
        const openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'none', maxRetries: 0 });
        const names = (await openai.models.list()).data.map(({ id }) => id);
        assert.ok(names.includes('characters') && names.includes('digits'));
        const question = {
          model: 'characters',
          messages: [{ role: 'user' as const, content: 'The ' }],
          seed: 1,
          max_tokens: 8,
        };
        const whole = await openai.chat.completions.create(question);
        let streamed = '';
        for await (const { choices } of await openai.chat.completions.create({ ...question, stream: true })) {
          streamed += choices[0]?.delta.content ?? '';
        }
        assert.ok(streamed.length > 0);
        assert.equal(whole.choices[0]?.message.content, streamed);
        await assert.rejects(openai.embeddings.create({ model: 'characters', input: 'a' }), { status: 400 });
        const inferred = await fetch(`${base}/v2/models/digits/infer`, {
          method: 'POST',
          headers: { 'inference-header-content-length': String(digits.headerLength) },
          body: new Uint8Array(wholeBody(digits)),
        });
        const headerLength = readHeaderLength(inferred.headers.get('inference-header-content-length') ?? undefined);
        const { outputs } = parseInferResponse(new Uint8Array(await inferred.arrayBuffer()), { headerLength });
        assert.deepEqual(outputs[0]?.data, new Uint8Array(scoresOf(nativeEngine())));
      } finally {
        proxy.child.kill('SIGTERM');
        const { code, stdout, stderr } = await proxy.ended;
        assert.equal(code, 0, stderr);
        assert.equal(stdout.match(/"event":"answered"/g)?.length, 3, stdout);
      }
    });
  }

  test('many clients at once, and a request that no model takes among them', async () => {
    const bodies = await Promise.all(
      Array.from({ length: 40 }, async (_, at) =>
        at % 8 === 7
          ? askSealed('/v2/models/digits/infer', utf8('{}'), [])
          : askSealed('/v2/models/digits/infer', wholeBody(digits), digitFields),
      ),
    );
    assert.deepEqual(
      bodies.map(({ status }) => status),
      Array.from({ length: 40 }, (_, at) => (at % 8 === 7 ? 400 : 200)),
    );
  });

  test('no client empties the service', async () => {
    assert.equal((await ask('POST', '/v2/repository/models/digits/unload')).status, 403);
  });

  test('metrics say what was done, and nothing of what was said', async () => {
    const marker = 'zeichen4711';
    const { status } = await askSealed(`/v2/models/digits/infer`, wholeBody(digits), [
      ...digitFields,
      ['x-note', marker],
    ]);
    assert.equal(status, 200);
    await askSealed(`/v2/models/${marker}/infer`, utf8(`{"inputs":[{"name":"${marker}"}]}`), []);
    const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    assert.match(metrics, /^enclos_inference_requests_total\{operation="infer",model="digits",outcome="ok"\} [1-9]/m);
    assert.match(metrics, /^enclos_inference_requests_in_flight 0$/m);
    assert.match(metrics, /^enclos_inference_engines 2$/m);
    assert.match(metrics, /^enclos_inference_queued_runs\{model="digits",version="1"\} 0$/m);
    assert.match(metrics, /^enclos_calls?_/m, 'those of the host are there too');
    assert.ok(!metrics.includes(marker));
  });

  test(
    'an engine opens nothing: it loads, computes and ends without a socket and without a file that it could write',
    { skip: noStrace },
    async () => {
      // Only companions may load addons.
      const engines = (): readonly number[] =>
        descendants(platform.processId).filter((id) => {
          const words = commandOf(id);
          return words.includes('--allow-addons') && /\/node-[^/]*$/.test(words[0] ?? '');
        });
      const first = engines();
      assert.equal(first.length, 2);
      const log = join(workshop.subfolder('followed'), 'calls');
      const stop = await followStarts(platform.processId, log);
      try {
        for (const id of first) process.kill(id, 'SIGKILL');
        const others = (): readonly number[] => engines().filter((id) => !first.includes(id));
        await until('others run', () => others().length === first.length);
        await until('they compute', async () => {
          const { status } = await askSealed('/v2/models/digits/infer', wholeBody(digits), digitFields);
          return status === 200;
        });
        for (const id of others()) process.kill(id, 'SIGKILL');
        await until('the next run', () => engines().some((id) => !first.includes(id)));
      } finally {
        await stop();
      }
      const calls = callsOf(log, (words) => words.includes('--allow-addons') && /^"[^"]*\/node-[^"/]*"/.test(words));
      assert.ok(
        calls.some((call) => /^open.*libonnxruntime\.so\.1".*O_RDONLY/.test(call)),
        'the engine was followed',
      );
      const isRead = (call: string): boolean =>
        /^(?:execve|clone3?|<\.\.\.|\+\+\+|---|exit)/.test(call) ||
        (call.startsWith('open') && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/.test(call));
      assert.deepEqual(
        calls.filter((call) => !isRead(call)),
        [],
      );
    },
  );

  test('SIGTERM ends readiness, lets a request that has begun have its answer, and then ends the program', async () => {
    const signature = join(workshop.subfolder('program'), 'inference.sig');
    writeFileSync(signature, signed.signature);
    const program = fileURLToPath(new URL('dist/src/host.js', `file://${serviceFolder}/`));
    const words = [program, '--models', models, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
    const variables = {
      ENCLOS_PLATFORM: platform.socketPath,
      ENCLOS_IMAGE: signed.imageFile,
      ENCLOS_SIGNATURE: signature,
      ENCLOS_ISOLATION: 'best',
    };
    const running = startProgram([process.execPath, ...words], { cwd: workshop.folder, env: variables });
    const [, port = '', adminPort = ''] = await running.until(/"port":(\d+),"adminPort":(\d+)/);
    const ready = async (): Promise<string> => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).text();
    assert.equal(await ready(), 'ok\n');
    const body = wholeBody(digits);
    const headers = {
      'content-length': body.length,
      'inference-header-content-length': String(digits.headerLength),
      expect: '100-continue',
    };
    const path = '/v2/models/digits/infer';
    const begun = httpsRequest({ host: '127.0.0.1', port, method: 'POST', path, headers, rejectUnauthorized: false });
    const answered = once(begun, 'response');
    const taken = once(begun, 'continue');
    begun.flushHeaders();
    await taken;
    begun.write(body.subarray(0, 100));
    running.child.kill('SIGTERM');
    await until('readiness has ended', async () => (await ready()) === 'draining\n');
    begun.end(body.subarray(100));
    const [response] = (await answered) as [IncomingMessage];
    assert.deepEqual([response.statusCode, response.headers.connection], [200, 'close']);
    response.resume();
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
  });

  test('with its engine in WebAssembly it is another enclave, which gives the bytes of that engine', async () => {
    const native = service;
    service = await start(models, await signedService(join(serviceFolder, 'wasm'), 'wasm-image'));
    try {
      assert.notDeepEqual(service.mrEnclave, native.mrEnclave);
      await answersAs(wasmEngine());
      await streamsAnswer();
    } finally {
      await service.stop();
      service = native;
    }
  });

  test('a model of the host with one changed byte is not served', async () => {
    const folder = workshop.subfolder('changed');
    cpSync(modelFolder, folder, { recursive: true });
    const path = join(folder, 'digits-1.onnx');
    const changed = readFileSync(path);
    changed.writeUInt8(changed.readUInt8(changed.length - 100) ^ 1, changed.length - 100);
    writeFileSync(path, changed);
    await assert.rejects(start(folder), { code: 'INFERENCE_MODEL_REFUSED' });
  });

  test('without a file for a model it does not begin to serve', async () => {
    await assert.rejects(
      start(workshop.subfolder('empty')),
      /INFERENCE_MODEL_MISSING|GATE_REMOTE_ERROR|cannot be read/,
    );
  });
});
