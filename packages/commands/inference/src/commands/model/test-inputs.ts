import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { renderFacts } from '@enclos/cli-frame/output';
import { durable } from '@enclos/durable';
import { headerLengthName } from '@enclos/open-inference';
import { requestForms, testInputs, type RequestForm } from './make-test-inputs.ts';

const defaultNames: Readonly<Record<RequestForm, string>> = {
  json: 'inputs.json',
  binary: 'inputs.bin',
  'predict-json': 'predict.json',
  'predict-protobuf': 'predict.pb',
};

export const command = defineCommand({
  description: [
    'Writes the body of an inference request with made-up values for each input of a model: numbers from 0 to 1, integers from 0 to 9, short texts.',
    'The same model, dimensions and seed give the same bytes.',
    '',
    'The form is that of the Open Inference Protocol, in JSON or with tensors in binary, or that of `:predict` and `/score`.',
    'With tensors in binary, the request needs the header that the command prints.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The model', required: true } },
  options: {
    form: {
      type: 'string',
      value: 'FORM',
      choices: requestForms,
      summary: 'The form of the request; json is the default',
    },
    dimension: {
      type: 'string',
      value: 'NAME=SIZE',
      multiple: true,
      summary: 'The size of a variable dimension, by the name that `enclos model info` shows; 1 otherwise',
    },
    seed: { type: 'string', value: 'N', summary: 'Another request of the same shape; default: 1' },
    out: { type: 'string', value: 'FILE', summary: 'Where the body goes; default: inputs.json or its like' },
  },
  examples: [
    { command: 'enclos model test-inputs digits.onnx', summary: 'Write inputs.json' },
    {
      command: 'enclos model test-inputs digits.onnx --form binary --dimension n=8 --out batch.bin',
      summary: 'Eight at once, with tensors in binary',
    },
  ],
  exitCodes: {},
  async run({ arguments: { file }, options }, { path }) {
    const form = options.form ?? 'json';
    const dimensions = new Map(options.dimension.map(dimensionOf));
    const out = path(options.out ?? defaultNames[form]);
    await requireFolderOf(out);
    const made = await testInputs(path(file), { form, dimensions, seed: seedOf(options.seed) });
    await durable.replace(out, made.body);
    const { inputs, headerLength } = made;
    return {
      path: out,
      sizeBytes: made.body.length,
      form,
      ...(headerLength === undefined ? {} : { headerLength }),
      inputs,
    };
  },
  human({ path, inputs, headerLength }, printer) {
    printer.line(`${printer.paint('green', '✔')} wrote ${path}`);
    renderFacts(
      inputs.map(({ name, datatype, shape }) => [name, `${datatype} [${shape.join(', ')}]`]),
      printer,
    );
    if (headerLength !== undefined) printer.line(`Send it with the header ${headerLengthName}: ${headerLength}`);
  },
  json: (written) => written,
});

function dimensionOf(text: string): readonly [string, number] {
  const [, name = '', size = ''] = /^(.{1,256})=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (name === '') refuseUsage(`--dimension is NAME=SIZE, such as n=8, not ${JSON.stringify(text)}.`);
  return [name, Number(size)];
}

function seedOf(text: string | undefined): number {
  if (text !== undefined && !/^\d{1,9}$/.test(text)) refuseUsage('--seed is a whole number of up to 9 digits.');
  return text === undefined ? 1 : Number(text);
}
