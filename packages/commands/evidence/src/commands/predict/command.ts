import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { printable, type Printer } from '@enclos/command-line';
import type { Tensor } from '@enclos/open-inference';
import { acceptanceOptions, inferenceServer, sealingOptions } from '../../inference/options.ts';
import { predict, type Prediction } from './predict.ts';
import { elementsOf } from './tensor-values.ts';

const options = {
  model: {
    type: 'string',
    value: 'NAME[=DIGEST]',
    required: true,
    summary: 'The model; with a digest (see `enclos model hash`) no other one may answer',
  },
  'model-version': { type: 'string', value: 'VERSION', summary: 'Its version; the newest without this option' },
  input: { type: 'string', value: 'FILE', required: true, summary: 'The body of the request' },
  out: { type: 'string', value: 'FILE', summary: 'Keep the body of the answer here, exactly as it was received' },
  receipt: { type: 'string', value: 'FILE', summary: 'Keep the receipt here, for `enclos receipt verify`' },
  transport: sealingOptions.transport,
  'minimum-catalogue': sealingOptions['minimum-catalogue'],
  ...acceptanceOptions,
} as const;

export const command = defineCommand({
  description: [
    'Attests an inference service, asks one of its models, and verifies the receipt of the answer. Only the attested enclave can open the request.',
    '',
    'The request is a file as `enclos model test-inputs` writes it, in each of its forms: of the Open Inference Protocol in JSON or with tensors in binary, or of `:predict` in JSON or protobuf.',
    'The form is found out from the content, and the answer comes in the same protocol.',
    '',
    'The TLS certificate of the service is not looked at: the evidence proves who answers, and the seal does the work of TLS.',
  ],
  arguments: { url: { value: 'URL', summary: 'The inference service', required: true } },
  options,
  examples: [
    {
      command: 'enclos predict https://models.example:8443 --policy policy.json --model digits --input inputs.json',
      summary: 'Ask, and show the outputs',
    },
    {
      command:
        'enclos predict https://models.example:8443 --policy policy.json --model digits --input inputs.bin --out answer.bin --receipt receipt.cose',
      summary: 'Keep what `enclos receipt verify` needs',
    },
  ],
  exitCodes: {
    1: 'The service could not be reached, or refused the request.',
    3: 'The evidence, the answer or its receipt does not prove what it claims.',
    4: 'The evidence is genuine, but the policy does not accept the enclave.',
  },
  async run({ arguments: { url }, options: given }, context) {
    const { path, progress, io } = context;
    const [, model = '', digest] = /^([^=]{1,128})(?:=([0-9a-f]{64}))?$/i.exec(given.model) ?? [];
    if (model === '') refuseUsage(`--model is NAME or NAME=DIGEST, not ${JSON.stringify(given.model)}.`);
    const pins = digest === undefined ? [] : [`${model}=${digest}`];
    const server = inferenceServer(url, { ...given, model: pins }, context);
    const asked = {
      server,
      model,
      version: given['model-version'],
      input: path(given.input),
      out: path(given.out),
      receipt: path(given.receipt),
      now: io.now,
    };
    return progress.during('asking the model', () => predict(asked));
  },
  human: renderPrediction,
  json: predictionJson,
});

/** More of a tensor is for `--json` and `--out`. */
const shownElements = 16;

function renderPrediction({ outputs, evidence, receipt }: Prediction, printer: Printer): void {
  const { claims } = receipt;
  printer.line(`${markOf('ok', printer)} ${printable(claims.model)} answered, and its receipt holds`);
  renderFacts(
    [
      ['model SHA-256', claims.modelDigest],
      ['version', claims.modelVersion],
      [claims.tee === 'sgx' ? 'MRENCLAVE' : 'measurement', claims.measurement],
      ['status', evidence.status],
      ['request', claims.requestId],
    ],
    printer,
  );
  printer.line('Outputs');
  renderFacts(
    outputs.map((output) => [output.name, tensorWords(output)]),
    printer,
  );
  if (evidence.root.kind === 'software') {
    printer.line(
      `${markOf('warning', printer)} It ran on a software platform: the owner of its machine can read everything in it.`,
    );
  }
}

function tensorWords(tensor: Tensor): string {
  const elements = elementsOf(tensor);
  const shown = elements.slice(0, shownElements).map((element) => printable(String(element)));
  const more = elements.length > shownElements ? `, and ${elements.length - shownElements} more` : '';
  return `${tensor.datatype} [${tensor.shape.join(', ')}]: ${shown.join(', ')}${more}`;
}

function predictionJson({ outputs, evidence, receipt }: Prediction): Readonly<Record<string, unknown>> {
  const { tee, status, root } = evidence;
  return {
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      data: elementsOf(output),
    })),
    receipt: receipt.claims,
    evidence: { tee, status, root: root.kind },
  };
}
