import type { Graph, GraphModel, GraphValue } from '@enclos/inference-models/graphs';
import { floats, graph, irVersionOf, tensor, value, wave, wholes, type OperatorCase } from './build.ts';

const yes = tensor('yes', 'BOOL', [], Uint8Array.of(1));
const x = (shape?: GraphValue['shape']): GraphValue => value('x', 'FP32', shape);
const y = (shape?: GraphValue['shape']): GraphValue => value('y', 'FP32', shape);
const identity = (input: GraphValue, output: GraphValue): GraphModel => ({
  nodes: [{ operator: 'Identity', inputs: [input.name], outputs: [output.name] }],
  inputs: [input],
  outputs: [output],
});

function branch(operator: string): Graph {
  return { nodes: [{ operator, inputs: ['x'], outputs: ['z'] }], inputs: [], outputs: [value('z', 'FP32')] };
}

function controlFlow(): readonly OperatorCase[] {
  const choice: GraphModel = {
    nodes: [
      {
        operator: 'If',
        inputs: ['c'],
        outputs: ['y'],
        attributes: { then_branch: branch('Neg'), else_branch: branch('Shape') },
      },
    ],
    inputs: [value('c', 'BOOL', []), x(['n'])],
    outputs: [y()],
  };
  const both: GraphModel = {
    ...choice,
    nodes: [
      {
        operator: 'If',
        inputs: ['c'],
        outputs: ['y'],
        attributes: { then_branch: branch('Neg'), else_branch: branch('Exp') },
      },
    ],
  };
  const body: Graph = {
    nodes: [
      { operator: 'Identity', inputs: ['on'], outputs: ['goOn'] },
      { operator: 'Add', inputs: ['last', 'last'], outputs: ['next'] },
      { operator: 'Identity', inputs: ['next'], outputs: ['each'] },
    ],
    inputs: [value('round', 'INT64', []), value('on', 'BOOL', []), value('last', 'FP32', ['n'])],
    outputs: [value('goOn', 'BOOL', []), value('next', 'FP32', ['n']), value('each', 'FP32', ['n'])],
  };
  const loop: GraphModel = {
    nodes: [{ operator: 'Loop', inputs: ['rounds', 'yes', 'x'], outputs: ['y', 'all'], attributes: { body } }],
    inputs: [value('rounds', 'INT64', []), x(['n'])],
    outputs: [y(), value('all', 'FP32')],
    initializers: [yes],
  };
  const step: Graph = {
    nodes: [
      { operator: 'Add', inputs: ['sum', 'row'], outputs: ['next'] },
      { operator: 'Identity', inputs: ['next'], outputs: ['seen'] },
    ],
    inputs: [value('sum', 'FP32', [2]), value('row', 'FP32', [2])],
    outputs: [value('next', 'FP32', [2]), value('seen', 'FP32', [2])],
  };
  const scan: GraphModel = {
    nodes: [
      {
        operator: 'Scan',
        inputs: ['start', 'x'],
        outputs: ['y', 'rows'],
        attributes: { body: step, num_scan_inputs: 1n },
      },
    ],
    inputs: [value('start', 'FP32', [2]), x(['n', 2])],
    outputs: [y(), value('rows', 'FP32')],
  };
  const bool = (bit: number) => tensor('c', 'BOOL', [], Uint8Array.of(bit));
  const rounds = (count: bigint) => ({ ...wholes('rounds', count), shape: [] });
  return [
    graph('If, of two types', choice, [bool(1), wave('x', [3])]),
    graph('If, true', both, [bool(1), wave('x', [3])]),
    graph('If, false', both, [bool(0), wave('x', [3])]),
    graph('Loop', loop, [rounds(5n), wave('x', [2])]),
    graph('Loop, never', loop, [rounds(0n), wave('x', [2])]),
    graph('Scan', scan, [floats('start', [2], [0, 0]), wave('x', [4, 2])]),
  ];
}

function shapes(): readonly OperatorCase[] {
  const rows = wave('x', [2, 3]);
  return [
    graph('any number of dimensions', identity(x(), y()), [rows]),
    graph('dimensions without names', identity(x(['', '']), y(['', ''])), [rows]),
    graph('two dimensions of one name that differ', identity(x(['n', 'n']), y(['n', 'n'])), [rows]),
    graph('a size that the output does not have', identity(x(['n', 3]), y([7, 7])), [rows]),
    graph('a size that the input does not have', identity(x(['n', 4]), y(['n', 4])), [rows]),
    graph('a scalar', identity(x([]), y([])), [floats('x', [], [7])]),
    graph('a row for a scalar', identity(x([]), y([])), [floats('x', [1], [7])]),
    graph('nothing', identity(x([0, 2]), y([0, 2])), [floats('x', [0, 2], [])]),
    graph('sixteen dimensions', identity(x(), y()), [
      floats(
        'x',
        Array.from({ length: 16 }, () => 1),
        [7],
      ),
    ]),
    graph('an output that is an input', { nodes: [], inputs: [x([1])], outputs: [x([1])] }, [floats('x', [1], [7])]),
    graph(
      'no inputs',
      {
        nodes: [{ operator: 'Identity', inputs: ['c'], outputs: ['y'] }],
        inputs: [],
        outputs: [y()],
        initializers: [wave('c', [3])],
      },
      [],
    ),
  ];
}

function names(): readonly OperatorCase[] {
  const odd = ['constructor', '0', 'a b"\\', 'größe \u{1f600}', 'onnx::MatMul_0', 'n'.repeat(256)];
  return [
    ...['__proto__', ...odd].map((name) =>
      graph(`an input of the name ${name}`, identity(value(name, 'FP32', [1]), y([1])), [floats(name, [1], [7])]),
    ),
    // Not __proto__, which the published package cannot answer.
    ...odd.map((name) =>
      graph(`an output of the name ${name}`, identity(x([1]), value(name, 'FP32', [1])), [floats('x', [1], [7])]),
    ),
  ];
}

/** Each operator set since ONNX had a stable one, and what each file may be. */
function opsets(): readonly OperatorCase[] {
  return Array.from({ length: 16 }, (_, at) => at + 7).map((opset) =>
    graph(
      `opset ${opset}`,
      {
        nodes: [
          { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
          { operator: 'Add', inputs: ['a', 'b'], outputs: ['c'] },
          { operator: 'Relu', inputs: ['c'], outputs: ['d'] },
          { operator: 'Softmax', inputs: ['d'], outputs: ['y'] },
        ],
        inputs: [x(['n', 4]), ...(opset < 9 ? [value('w', 'FP32', [4, 3]), value('b', 'FP32', [3])] : [])],
        outputs: [y(['n', 3])],
        initializers: [wave('w', [4, 3]), wave('b', [3])],
        opset,
        irVersion: irVersionOf(opset),
      },
      [wave('x', [2, 4])],
    ),
  );
}

export const graphCases = (): readonly OperatorCase[] => [...controlFlow(), ...shapes(), ...names(), ...opsets()];

/** A model that gives two texts: the first has a byte that UTF-8 never has. */
export const brokenTextModel: GraphModel = {
  nodes: [{ operator: 'Identity', inputs: ['c'], outputs: ['y'] }],
  inputs: [],
  outputs: [value('y', 'BYTES')],
  initializers: [tensor('c', 'BYTES', [2], Uint8Array.of(2, 0, 0, 0, 0xff, 0x61, 1, 0, 0, 0, 0x62))],
};

/** What no protocol of the service carries. */
export function unsupportedModels(): Readonly<Record<string, GraphModel>> {
  const within = (kind: NonNullable<GraphValue['within']>, one: GraphValue): GraphValue => ({ ...one, within: kind });
  const many = Array.from({ length: 17 }, () => 1);
  return {
    'a sequence as an input': {
      nodes: [{ operator: 'SequenceLength', inputs: ['x'], outputs: ['y'] }],
      inputs: [within('sequence', x(['n']))],
      outputs: [value('y', 'INT64', [])],
    },
    'a sequence as an output': {
      nodes: [{ operator: 'SequenceConstruct', inputs: ['x', 'x'], outputs: ['y'] }],
      inputs: [x(['n'])],
      outputs: [within('sequence', y(['n']))],
    },
    'an optional input': {
      nodes: [{ operator: 'OptionalHasElement', inputs: ['x'], outputs: ['y'] }],
      inputs: [within('optional', x(['n']))],
      outputs: [value('y', 'BOOL', [])],
    },
    'an optional output': {
      nodes: [{ operator: 'Optional', inputs: ['x'], outputs: ['y'] }],
      inputs: [x(['n'])],
      outputs: [within('optional', y(['n']))],
    },
    'more dimensions than a tensor may have': identity(x(many), y(many)),
    'a name that is too long': identity(value('n'.repeat(257), 'FP32', [1]), y([1])),
    BF16: identity(value('x', 'BF16', [1]), value('y', 'BF16', [1])),
    'an operator that does not exist': {
      nodes: [{ operator: 'Nothing', inputs: ['x'], outputs: ['y'] }],
      inputs: [x([1])],
      outputs: [y([1])],
    },
    'another operator set than there is': { ...identity(x([1]), y([1])), opset: 99 },
  };
}
