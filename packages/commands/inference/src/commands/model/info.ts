import { defineCommand } from '@enclos/cli-frame';
import { renderFacts } from '@enclos/cli-frame/output';
import type { Printer } from '@enclos/command-line';
import type { ModelFacts, ModelValue } from '@enclos/inference-models';
import { modelInfo, type ModelInfo } from './model-info.ts';

export const command = defineCommand({
  description: [
    'Shows what an ONNX file says of itself: inputs and outputs with their datatypes and dimensions, operator sets, operators, weights, metadata.',
    'Nothing is run, and the data of weights are passed over.',
    '',
    'For an encrypted model it shows which key opens it and for which model it was made; none of that is proved before it is opened.',
    'A model that keeps weights in other files is refused: its digest would not cover them.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The model, or an encrypted model', required: true } },
  options: {},
  examples: [
    { command: 'enclos model info digits.onnx', summary: 'Show what a model takes and gives' },
    { command: 'enclos model info digits.onnx --json', summary: 'Read it from a script' },
  ],
  exitCodes: {},
  run: ({ arguments: { file } }, { path, progress }) => progress.during('reading', () => modelInfo(path(file))),
  human: renderInfo,
  json: infoJson,
});

function renderInfo(info: ModelInfo, printer: Printer): void {
  if (info.kind === 'encrypted') {
    const { keyId = 'not named', binding, sizeBytes } = info.encrypted;
    printer.line('An encrypted model.');
    renderFacts(
      [
        ['key', keyId],
        ['model', binding?.name ?? 'not named: it opens only where the digest is expected'],
        ['SHA-256', binding?.digest ?? 'not named'],
        ['bytes', String(sizeBytes)],
      ],
      printer,
    );
    return;
  }
  const { digest, facts } = info;
  const { sizeBytes, producer, producerVersion, irVersion, weights } = facts;
  const known = [
    ['SHA-256', digest],
    ['bytes', String(sizeBytes)],
    ['made by', [producer, producerVersion].filter((text) => text !== '').join(' ') || 'not said'],
    ['format', `version ${irVersion}`],
    ['operator sets', [...facts.opsets].map(([domain, version]) => `${domain || 'ONNX'} ${version}`).join(', ')],
    ['weights', `${weights.count} tensors, ${weights.sizeBytes} bytes`],
  ] as const;
  printer.line('An ONNX model.');
  renderFacts(known, printer);
  renderValues('Inputs', facts.inputs, printer);
  renderValues('Inputs with a default', facts.optionalInputs, printer);
  renderValues('Outputs', facts.outputs, printer);
  printer.line('Operators');
  renderFacts(
    facts.operators.map(({ domain, operator, count }) => [
      domain === '' ? operator : `${domain}:${operator}`,
      `${count}`,
    ]),
    printer,
  );
  if (facts.metadata.size > 0) printer.line('Metadata');
  renderFacts([...facts.metadata], printer);
}

function renderValues(title: string, values: readonly ModelValue[], printer: Printer): void {
  if (values.length === 0) return;
  printer.line(title);
  renderFacts(
    values.map((value) => [value.name, typeWords(value)]),
    printer,
  );
}

function typeWords({ kind, datatype, shape, dimensionNames }: ModelValue): string {
  if (kind !== 'tensor') return `${kind}: no inference protocol carries it`;
  const dimensions = shape?.map((size, index) => (size === -1 ? (dimensionNames?.[index] ?? '?') : String(size)));
  return `${datatype ?? 'a datatype that no inference protocol carries'} [${dimensions?.join(', ') ?? '...'}]`;
}

function infoJson(info: ModelInfo): Readonly<Record<string, unknown>> {
  if (info.kind === 'encrypted') return { path: info.path, kind: info.kind, ...info.encrypted };
  const { path, kind, digest, facts } = info;
  return { path, kind, digest, ...factsJson(facts) };
}

function factsJson(facts: ModelFacts): Readonly<Record<string, unknown>> {
  return {
    ...facts,
    modelVersion: String(facts.modelVersion),
    opsets: Object.fromEntries(facts.opsets),
    metadata: Object.fromEntries(facts.metadata),
  };
}
