import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeBhttpResponse, encodeBhttpRequest, ohttpProfile, sealOhttpRequest, type BhttpField } from '@enclos/hpke';
import { EnginePool } from '@enclos/inference-engine';
import { ChildEngines } from '@enclos/inference-engine/child-processes';
import { createNativeEngine } from '@enclos/inference-engine/native';
import { writeModel } from '@enclos/inference-models/graphs';
import {
  binaryType,
  datatypes,
  elementSize,
  headerLengthName,
  inferRequestBody,
  jsonType,
  parseInferResponse,
  parsePredictResponse,
  predictRequestBody,
  readHeaderLength,
  wholeBody,
  type Datatype,
  type Tensor,
} from '@enclos/open-inference';
import type { ServedModel } from '../src/models/served-models.ts';
import { loadBinding } from './onnxruntime.ts';
import { digest } from './scene.ts';
import { engine, maxBytes, openScene, wholeBodyOf, type SealedScene } from './sealed-scene.ts';

/** BF16 is refused with the model. */
const types = datatypes.filter((type) => type !== 'BF16');
const shapes = [[], [0], [2, 3], [3, 0, 2], [1, 97]] as const;

/** Two outputs in another order than the inputs that they come from. */
const modelOf = (datatype: Datatype): Uint8Array =>
  writeModel({
    nodes: [
      { operator: 'Identity', inputs: ['a'], outputs: ['second'] },
      { operator: 'Identity', inputs: ['b'], outputs: ['first'] },
    ],
    inputs: ['a', 'b'].map((name) => ({ name, datatype })),
    outputs: ['first', 'second'].map((name) => ({ name, datatype })),
  });

type Values = 'any bits' | 'numbers of JSON';

function tensor(name: string, datatype: Datatype, shape: readonly number[], values: Values): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (datatype === 'BYTES') {
    const texts = Array.from({ length: count }, (_, at) => Buffer.from(`${name} ${'größe \u{1f600}'.repeat(at % 3)}`));
    const data = texts.flatMap((text) => [Uint8Array.of(text.length, 0, 0, 0), text]);
    return { name, datatype, shape, data: new Uint8Array(Buffer.concat(data)) };
  }
  const seed = name.charCodeAt(0);
  const data = Uint8Array.from({ length: count * elementSize(datatype) }, (_, at) =>
    datatype === 'BOOL' ? (at * seed) % 2 : (at * 37 + seed * 11) % 256,
  );
  // JSON has no NaN and no infinity: their exponents are all ones. The sign bit and the extremes of integers stay.
  const isFloat = datatype.startsWith('FP');
  if (values === 'numbers of JSON' && isFloat) {
    for (let at = elementSize(datatype) - 1; at < data.length; at += elementSize(datatype)) {
      data[at] = (data[at] ?? 0) & 0xbf;
    }
  }
  return { name, datatype, shape, data };
}

interface Ask {
  readonly path: string;
  readonly fields: readonly BhttpField[];
  readonly body: Uint8Array;
  readonly read: (content: Uint8Array, fields: ReadonlyMap<string, string>) => readonly Tensor[];
}

/** Each body that carries tensors. */
const forms: Readonly<Record<string, readonly [Values, (inputs: readonly Tensor[]) => Ask]>> = {
  'OIP in binary': ['any bits', (inputs) => inferAsk(inputs, true)],
  'OIP in JSON': ['numbers of JSON', (inputs) => inferAsk(inputs, false)],
  'ONNX Runtime Server in protobuf': ['any bits', (inputs) => predictAsk(inputs, 'protobuf')],
  'ONNX Runtime Server in JSON': ['any bits', (inputs) => predictAsk(inputs, 'json')],
};

function inferAsk(inputs: readonly Tensor[], isBinary: boolean): Ask {
  const body = inferRequestBody({ inputs, areInputsBinary: isBinary, areOutputsBinary: isBinary });
  const length: readonly BhttpField[] =
    body.headerLength === undefined ? [] : [[headerLengthName, String(body.headerLength)]];
  return {
    path: '/v2/models/model/infer',
    fields: [['content-type', isBinary ? binaryType : jsonType], ...length],
    body: wholeBody(body),
    read: (content, fields) =>
      parseInferResponse(content, { headerLength: readHeaderLength(fields.get(headerLengthName)) }).outputs,
  };
}

function predictAsk(inputs: readonly Tensor[], form: 'json' | 'protobuf'): Ask {
  return {
    path: '/v1/models/model:predict',
    fields: [['content-type', form === 'json' ? 'application/json' : 'application/x-protobuf']],
    body: predictRequestBody({ inputs, outputFilter: [] }, form),
    read: (content) => parsePredictResponse(content, form),
  };
}

async function askSealed(scene: SealedScene, { path, fields, body, read }: Ask): Promise<readonly Tensor[]> {
  const head = { method: 'POST', scheme: 'https', authority: 'service.test', path, fields };
  const config = await scene.config();
  const sealed = await sealOhttpRequest(engine, { profile: ohttpProfile, config }, encodeBhttpRequest(head, body));
  const headers = new Map([['content-type', ohttpProfile.requestType]]);
  const answer = await scene.send({ headers, body: sealed.message });
  const inside = await sealed.openResponse(await wholeBodyOf(answer), { maxBytes });
  const opened = decodeBhttpResponse(inside, { maxContentBytes: maxBytes });
  assert.equal(opened.head.status, 200, Buffer.from(opened.content).toString());
  return read(opened.content, new Map(opened.head.fields));
}

suite('results through the service, sealed', () => {
  const engines = new ChildEngines({
    count: 1,
    command: [process.execPath, fileURLToPath(new URL('native-engine.program.js', import.meta.url))],
  });
  let pool: EnginePool;
  before(() => {
    pool = new EnginePool({ engines: engines.source });
  });
  after(() => {
    pool.close();
    engines.close();
  });
  const outside = createNativeEngine(loadBinding());

  for (const datatype of types) {
    test(`byte-identical: ${datatype} of each shape in each body, as the same engine gives it outside`, async () => {
      const source = modelOf(datatype);
      const pooled = await pool.load({ name: 'model', version: '1', source });
      const session = outside.load(source, { threads: 1 });
      const served: ServedModel = {
        name: 'model',
        version: '1',
        digest,
        inputs: pooled.inputs,
        outputs: pooled.outputs,
        isUsable: true,
        loadedAt: 0,
        run: (inputs, options) => pooled.run(inputs, options),
      };
      const scene = await openScene({ served: [served] });
      for (const [name, [values, askOf]] of Object.entries(forms)) {
        for (const shape of shapes) {
          const inputs = ['a', 'b'].map((input) => tensor(input, datatype, shape, values));
          const expected = session
            .run(
              inputs.map(({ data }, index) => ({ index, shape, data: data.slice() })),
              [0, 1],
            )
            .map((output, at) => ({
              name: ['first', 'second'][at],
              datatype,
              shape: output.shape,
              data: Buffer.from(output.data),
            }));
          const outputs = await askSealed(scene, askOf(inputs.toReversed()));
          const found = outputs.map((output) => ({
            ...output,
            shape: [...output.shape],
            data: Buffer.from(output.data),
          }));
          assert.deepEqual(found, expected, `${name}, [${shape.join()}]`);
        }
      }
      assert.deepEqual(scene.faults, []);
      session.dispose();
      await pooled.unload();
    });
  }
});
