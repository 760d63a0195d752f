import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { scenario } from '@enclos/evidence-kit';
import { writeModel } from '@enclos/inference-models/graphs';
import {
  bytesTensorOf,
  headerLengthName,
  inferRequestBody,
  inferResponseBody,
  parseInferRequest,
  parsePredictRequest,
  predictFormOf,
  predictResponseBody,
  readHeaderLength,
  smallFloatTensorOf,
  tensorOf,
  wholeBody,
} from '@enclos/open-inference';
import { enclos, errorOf, temporaryFolder, type Ran } from '../../cli.ts';
import {
  serveInference,
  type AnswerInside,
  type AskedInside,
  type InferenceServiceOptions,
} from '../../inference-service.ts';
import { writeInputs } from '../proxy/scene.ts';

const folder = temporaryFolder();
const { at } = scenario();
const digest = '22'.repeat(32);
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const file = (name: string): string => join(folder, name);

before(async () => {
  await writeInputs(folder);
  const x = { name: 'x', datatype: 'FP32', shape: [2] } as const;
  const node = { operator: 'Identity', inputs: ['x'], outputs: ['y'] };
  writeFileSync(
    file('same.onnx'),
    writeModel({ nodes: [node], inputs: [x], outputs: [{ ...x, name: 'y' }], opset: 13 }),
  );
});

/** A model that gives back what it gets. */
function answer({ path, fields, body }: AskedInside): AnswerInside {
  if (path.endsWith(':predict')) {
    const form = predictFormOf(fields.get('content-type'));
    const type = form === 'json' ? 'application/json' : 'application/x-protobuf';
    return {
      fields: { 'content-type': type },
      body: predictResponseBody(parsePredictRequest(body, form).inputs, type),
    };
  }
  const asked = parseInferRequest(body, { headerLength: readHeaderLength(fields.get(headerLengthName)) });
  const outgoing = inferResponseBody({ modelName: 'same', outputs: asked.inputs }, asked);
  const length = outgoing.headerLength === undefined ? {} : { [headerLengthName]: String(outgoing.headerLength) };
  return { fields: { 'content-type': outgoing.contentType, ...length }, body: wholeBody(outgoing) };
}

const serve = (changes: Partial<InferenceServiceOptions> = {}): Promise<string> =>
  serveInference({ model: { name: 'same', digest }, answer, ...changes });

const predict = (url: string, ...argv: readonly string[]): Promise<Ran> =>
  enclos(['predict', url, '--policy', 'policy.json', ...argv], { cwd: folder, now: () => at });

describe('enclos predict', () => {
  for (const form of ['json', 'binary', 'predict-json', 'predict-protobuf']) {
    test(`sends what model test-inputs writes: ${form}`, async () => {
      const url = await serve();
      await enclos(['model', 'test-inputs', 'same.onnx', '--form', form, '--out', 'request'], { cwd: folder });
      const files = ['--out', 'answer', '--receipt', 'receipt.cose'];
      const ran = await predict(url, '--model', `same=${digest}`, '--input', 'request', ...files, '--json');
      assert.equal(ran.code, 0, ran.stderr);
      const { outputs, receipt } = ran.json();
      const [{ name, datatype, shape, data } = assert.fail()] = outputs as Readonly<Record<string, unknown>>[];
      assert.deepEqual([name, datatype, shape, (data as unknown[]).length], ['x', 'FP32', [2], 2]);
      const claims = receipt as Readonly<Record<string, unknown>>;
      assert.deepEqual([claims['modelDigest'], readFileSync(file('receipt.cose'))[0]], [digest, 0xd2]);
      // What is kept is what the receipt is over, to the byte.
      const digests = ['request', 'answer'].map((kept) => sha256Of(readFileSync(file(kept))));
      assert.deepEqual(digests, [claims['requestDigest'], claims['responseDigest']]);
    });
  }

  test('shows what answered, and elements of each datatype', async () => {
    const inputs = [
      tensorOf('long', 'INT64', BigInt64Array.of(2n ** 60n, -1n)),
      tensorOf('flag', 'BOOL', Uint8Array.of(1, 0)),
      tensorOf('wide', 'FP64', Float64Array.of(Number.NaN, 0.5)),
      tensorOf('short', 'INT16', Int16Array.of(-2)),
      smallFloatTensorOf('half', 'FP16', Float32Array.of(1.5)),
      bytesTensorOf('text', ['a}"b', Uint8Array.of(0xff)]),
      tensorOf('many', 'UINT8', new Uint8Array(20)),
    ];
    writeFileSync(
      file('all.bin'),
      wholeBody(inferRequestBody({ inputs, areInputsBinary: true, areOutputsBinary: true })),
    );
    const { code, stdout, stderr } = await predict(await serve(), '--model', 'same', '--input', 'all.bin');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^✔ same answered, and its receipt holds\n/);
    assert.match(stdout, /\n {2}MRENCLAVE +[0-9a-f]{64}\n/);
    for (const words of [
      /long +INT64 \[2\]: 1152921504606846976, -1\n/,
      /flag +BOOL \[2\]: true, false\n/,
      /wide +FP64 \[2\]: NaN, 0\.5\n/,
      /short +INT16 \[1\]: -2\n/,
      /half +FP16 \[1\]: 1\.5\n/,
      /text +BYTES \[2\]: a\}"b, _w\n/,
      /many +UINT8 \[20\]: (?:0, ){16}and 4 more\n/,
    ]) {
      assert.match(stdout, words);
    }
    assert.match(stdout, /⚠ It ran on a software platform/);
  });

  test('refuses an enclave that the policy does not accept, and sends it nothing', async () => {
    const asked: string[] = [];
    const url = await serve({
      changes: { report: { mrEnclave: new Uint8Array(32).fill(9) } },
      answer: (one) => {
        asked.push(one.path);
        return answer(one);
      },
    });
    writeFileSync(file('in.json'), '{"inputs":[]}');
    const ran = await predict(url, '--model', 'same', '--input', 'in.json', '--json');
    assert.deepEqual([ran.code, errorOf(ran).code, asked], [4, 'APPRAISAL_REFUSED', []]);
  });

  test('refuses an answer without a receipt, of another model, and a refusal of the service', async () => {
    writeFileSync(file('in.json'), '{"inputs":[]}');
    const refused = { status: 400, fields: {}, body: utf8('{"error":"INFERENCE_MESSAGE_INVALID: in the way."}') };
    for (const [changes, exit, code] of [
      [{ writesReceipts: false }, 3, 'INFERENCE_RECEIPT_MISSING'],
      [{ model: { name: 'same', digest: '33'.repeat(32) } }, 3, 'INFERENCE_ANSWER_REFUSED'],
      [{ answer: () => refused }, 1, 'INFERENCE_CALL_REFUSED'],
      [{ answer: () => ({ ...refused, status: 503 }) }, 1, 'INFERENCE_SERVICE_BUSY'],
    ] as const) {
      const ran = await predict(await serve(changes), '--model', `same=${digest}`, '--input', 'in.json', '--json');
      assert.deepEqual([ran.code, errorOf(ran).code], [exit, code]);
      if (code !== 'INFERENCE_CALL_REFUSED') continue;
      const { message, next, details } = errorOf(ran);
      assert.deepEqual(details, { status: 400, code: 'INFERENCE_MESSAGE_INVALID' });
      assert.equal(message, 'The service says INFERENCE_MESSAGE_INVALID: in the way.');
      assert.match(next, /Correct the member that the message names/);
    }
  });

  test('refuses a service whose catalogue is older than the one that is named, or that has none', async () => {
    writeFileSync(file('in.json'), '{"inputs":[]}');
    const ask = async (catalogueVersion: number | undefined, ...argv: readonly string[]): Promise<Ran> => {
      const url = await serve(catalogueVersion === undefined ? {} : { catalogueVersion });
      return predict(url, '--model', 'same', '--input', 'in.json', '--json', ...argv);
    };
    for (const version of [undefined, 4]) {
      const ran = await ask(version, '--minimum-catalogue', '5');
      assert.deepEqual([ran.code, errorOf(ran).code], [3, 'INFERENCE_NOT_ATTESTED']);
    }
    for (const argv of [['--minimum-catalogue', '5'], []]) assert.equal((await ask(5, ...argv)).code, 0);
    assert.equal((await ask(4)).code, 0);
    assert.equal(errorOf(await ask(5, '--minimum-catalogue', '0')).code, 'CLI_USAGE');
  });

  test('refuses files that are not requests, and wrong command lines, before it asks anything', async () => {
    const binary = wholeBody(
      inferRequestBody({
        inputs: [tensorOf('a', 'UINT8', Uint8Array.of(1))],
        areInputsBinary: true,
        areOutputsBinary: true,
      }),
    );
    const cases = {
      'cut.bin': binary.subarray(0, binary.length - 1),
      'more.bin': new Uint8Array([...binary, 1]),
      'open.json': utf8('{"inputs":[{"name":"}'),
      'other.json': utf8('{"outputs":[]}'),
      'size.json': utf8('{"inputs":[{"parameters":{"binary_data_size":-1}}]}'),
    };
    for (const [name, content] of Object.entries(cases)) {
      writeFileSync(file(name), content);
      const ran = await predict('http://127.0.0.1:1', '--model', 'same', '--input', name, '--json');
      assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE'], name);
    }
    writeFileSync(file('in.json'), '{"inputs":[]}');
    for (const [argv, said] of [
      [['models.example', '--model', 'a', '--input', 'in.json'], /is a URL such as/],
      [['http://a.test', '--model', 'a=12', '--input', 'in.json'], /--model is NAME or NAME=DIGEST/],
      [['http://a.test', '--model', 'a'], /--input FILE is missing/],
      [['http://a.test', '--model', 'a', '--input', 'absent'], /CLI_FILE_UNREADABLE/],
      [['http://a.test', '--model', 'a', '--input', 'in.json', '--out', 'absent/a'], /CLI_/],
    ] as const) {
      const [url, ...rest] = argv;
      const ran = await predict(url, ...rest);
      assert.notEqual(ran.code, 0);
      assert.match(ran.stderr, said);
    }
  });
});
