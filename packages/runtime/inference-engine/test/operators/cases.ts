import { datatypes, type Datatype } from '@enclos/open-inference';
import { floats, node, tensor, texts, wave, wholes, type OperatorCase } from './build.ts';

/** What is easily lost: negative zeros, denormals, infinities, NaNs of both signs with a payload, the ends of the range. */
const oddBits = [
  0, 0x8000_0000, 1, 0x8000_0001, 0x7f7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_1234, 0x3f80_0000,
];
const odd = tensor('x', 'FP32', [oddBits.length], Uint32Array.from(oddBits));
const extremes = wholes('x', -(2n ** 63n), 2n ** 63n - 1n, -1n, 0n, 2n ** 53n + 1n);
const image = wave('x', [1, 2, 5, 5]);

const unary =
  'Abs Neg Exp Log Sqrt Sin Cos Tan Atan Tanh Sigmoid Relu LeakyRelu Elu Selu Softplus Softsign Ceil Floor Round Sign Reciprocal Erf HardSigmoid HardSwish ThresholdedRelu Identity';
const arithmetic = 'Add Sub Mul Div Max Min';
const arithmeticTypes: readonly Datatype[] = [
  'FP32',
  'FP64',
  'INT32',
  'INT64',
  'UINT32',
  'UINT64',
  'FP16',
  'INT8',
  'UINT8',
];
const reductions =
  'ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare';
const words = (text: string): readonly string[] => text.split(' ');

function elementwise(): readonly OperatorCase[] {
  const wide = wave('a', [2, 1, 3]);
  return [
    ...words(unary).flatMap((operator) => [
      node(operator, { inputs: [odd], outputs: ['FP32'] }),
      node(operator, { inputs: [wave('x', [3, 0])], outputs: ['FP32'] }),
    ]),
    ...words(arithmetic).flatMap((operator) =>
      arithmeticTypes.map((type) =>
        node(operator, { inputs: [wave('a', [2, 1, 3], type), wave('b', [4, 1], type, 2)], outputs: [type] }),
      ),
    ),
    node('Add', { inputs: [extremes, { ...wholes('b', 1n), shape: [] }], outputs: ['INT64'] }),
    node('Neg', { inputs: [extremes], outputs: ['INT64'] }),
    node('Pow', { inputs: [wide, wave('b', [4, 1])], outputs: ['FP32'] }),
    node('Mod', { inputs: [extremes], constants: [wholes('b', 7n)], outputs: ['INT64'] }),
    ...words('Less Greater Equal LessOrEqual GreaterOrEqual').map((operator) =>
      node(operator, { inputs: [wide, wave('b', [4, 1])], outputs: ['BOOL'] }),
    ),
    ...words('And Or Xor').map((operator) =>
      node(operator, { inputs: [wave('a', [5], 'BOOL'), wave('b', [2, 5], 'BOOL')], outputs: ['BOOL'] }),
    ),
    node('Not', { inputs: [wave('x', [7], 'BOOL')], outputs: ['BOOL'] }),
    node('IsNaN', { inputs: [odd], outputs: ['BOOL'] }),
    node('IsInf', { inputs: [odd], outputs: ['BOOL'] }),
    node('Where', { inputs: [wave('c', [3], 'BOOL'), wave('a', [2, 3]), wave('b', [3])], outputs: ['FP32'] }),
    node('Clip', { inputs: [odd], constants: [floats('low', [], [-1]), floats('high', [], [1])], outputs: ['FP32'] }),
    node('BitShift', {
      inputs: [wave('a', [6], 'UINT8'), wave('b', [6], 'UINT8')],
      outputs: ['UINT8'],
      attributes: { direction: 'LEFT' },
    }),
  ];
}

function casts(every: boolean): readonly OperatorCase[] {
  const types = datatypes.filter((type) => type !== 'BF16');
  const numbers: Readonly<Record<Datatype, bigint>> = {
    FP32: 1n,
    UINT8: 2n,
    INT8: 3n,
    UINT16: 4n,
    INT16: 5n,
    INT32: 6n,
    INT64: 7n,
    BYTES: 8n,
    BOOL: 9n,
    FP16: 10n,
    FP64: 11n,
    UINT32: 12n,
    UINT64: 13n,
    BF16: 16n,
  };
  const source = (type: Datatype) => (type === 'BYTES' ? texts('x', '1', '25', '0') : wave('x', [2, 3], type));
  return types.flatMap((from) =>
    types
      .filter((to) => every || from === 'FP32' || to === 'FP32')
      .map((to) => node('Cast', { inputs: [source(from)], outputs: [to], attributes: { to: numbers[to] } })),
  );
}

function reduced(): readonly OperatorCase[] {
  const x = wave('x', [2, 3, 4]);
  const axes = [1n, 2n];
  return [
    ...words(reductions).map((operator) => node(operator, { inputs: [x], outputs: ['FP32'], attributes: { axes } })),
    node('ReduceSum', {
      inputs: [x],
      constants: [wholes('axes', 0n, 2n)],
      outputs: ['FP32'],
      attributes: { keepdims: 0n },
    }),
    node('ArgMax', { inputs: [x], outputs: ['INT64'], attributes: { axis: 1n } }),
    node('ArgMin', { inputs: [x], outputs: ['INT64'], attributes: { axis: 2n, keepdims: 0n } }),
    node('CumSum', { inputs: [x], constants: [wholes('axis', 1n)], outputs: ['FP32'] }),
    node('TopK', { inputs: [x], constants: [wholes('k', 2n)], outputs: ['FP32', 'INT64'] }),
    node('Softmax', { inputs: [x], outputs: ['FP32'] }),
    node('LogSoftmax', { inputs: [x], outputs: ['FP32'], attributes: { axis: 1n } }),
    node('Hardmax', { inputs: [x], outputs: ['FP32'] }),
  ];
}

function linear(): readonly OperatorCase[] {
  const [scale, zero] = [floats('s', [], [0.05]), tensor('z', 'UINT8', [], Uint8Array.of(128))];
  const [a8, b8] = [wave('a', [3, 4], 'UINT8'), wave('b', [4, 2], 'INT8')];
  return [
    ...(['FP32', 'FP64', 'INT32', 'INT64'] as const).map((type) =>
      node('MatMul', { inputs: [wave('a', [2, 3, 4], type), wave('b', [4, 5], type)], outputs: [type] }),
    ),
    node('MatMul', { inputs: [wave('a', [0, 4]), wave('b', [4, 5])], outputs: ['FP32'] }),
    node('Gemm', {
      inputs: [wave('a', [3, 4]), wave('b', [5, 3])],
      constants: [wave('c', [5])],
      outputs: ['FP32'],
      attributes: { transA: 1n, transB: 1n, alpha: 0.5 },
    }),
    node('Conv', {
      inputs: [image],
      constants: [wave('w', [3, 2, 3, 3]), wave('b', [3])],
      outputs: ['FP32'],
      attributes: { pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] },
    }),
    node('ConvTranspose', { inputs: [image], constants: [wave('w', [2, 3, 3, 3])], outputs: ['FP32'] }),
    ...words('MaxPool AveragePool').map((operator) =>
      node(operator, { inputs: [image], outputs: ['FP32'], attributes: { kernel_shape: [2n, 2n] } }),
    ),
    node('GlobalAveragePool', { inputs: [image], outputs: ['FP32'] }),
    node('BatchNormalization', {
      inputs: [image],
      constants: [wave('g', [2]), wave('b', [2]), wave('m', [2]), floats('v', [2], [1, 0.5])],
      outputs: ['FP32'],
    }),
    node('InstanceNormalization', { inputs: [image], constants: [wave('g', [2]), wave('b', [2])], outputs: ['FP32'] }),
    node('LayerNormalization', { inputs: [image], constants: [wave('g', [5]), wave('b', [5])], outputs: ['FP32'] }),
    node('LSTM', {
      inputs: [wave('x', [3, 1, 2])],
      constants: [wave('w', [1, 8, 2]), wave('r', [1, 8, 2])],
      outputs: ['FP32', 'FP32', 'FP32'],
      attributes: { hidden_size: 2n },
    }),
    node('GRU', {
      inputs: [wave('x', [3, 1, 2])],
      constants: [wave('w', [1, 6, 2]), wave('r', [1, 6, 2])],
      outputs: ['FP32', 'FP32'],
      attributes: { hidden_size: 2n },
    }),
    node('Einsum', {
      inputs: [wave('a', [2, 3, 4]), wave('b', [2, 4, 5])],
      outputs: ['FP32'],
      attributes: { equation: 'bij,bjk->bik' },
    }),
    node('QuantizeLinear', { inputs: [wave('x', [7])], constants: [scale, zero], outputs: ['UINT8'] }),
    node('DequantizeLinear', { inputs: [wave('x', [7], 'UINT8')], constants: [scale, zero], outputs: ['FP32'] }),
    node('DynamicQuantizeLinear', { inputs: [wave('x', [7])], outputs: ['UINT8', 'FP32', 'UINT8'] }),
    node('MatMulInteger', { inputs: [a8, b8], outputs: ['INT32'] }),
    node('Gelu', { inputs: [odd], outputs: ['FP32'], domain: 'com.microsoft' }),
  ];
}

function moved(): readonly OperatorCase[] {
  const x = wave('x', [3, 4]);
  return [
    node('Gather', { inputs: [x, wholes('i', 2n, -1n, 0n)], outputs: ['FP32'] }),
    node('Gather', { inputs: [texts('x', 'one', '', 'größe \u{1f600}'), wholes('i', 2n, 0n)], outputs: ['BYTES'] }),
    // Out of range, so both fail.
    node('Gather', { inputs: [x, wholes('i', 9n)], outputs: ['FP32'] }),
    node('GatherElements', { inputs: [x, { ...wholes('i', 0n, 2n, 1n, 1n), shape: [1, 4] }], outputs: ['FP32'] }),
    node('GatherND', { inputs: [x, { ...wholes('i', 0n, 1n, 2n, 3n), shape: [2, 2] }], outputs: ['FP32'] }),
    node('ScatterND', { inputs: [x, { ...wholes('i', 1n), shape: [1, 1] }, wave('u', [1, 4])], outputs: ['FP32'] }),
    node('Slice', {
      inputs: [x],
      constants: [wholes('from', 0n, 3n), wholes('to', 2n, -9n), wholes('axes', 0n, 1n), wholes('steps', 1n, -1n)],
      outputs: ['FP32'],
    }),
    node('Concat', { inputs: [x, wave('b', [0, 4])], outputs: ['FP32'], attributes: { axis: 0n } }),
    node('Split', { inputs: [x], outputs: ['FP32', 'FP32'], attributes: { axis: 1n } }),
    node('Transpose', { inputs: [x], outputs: ['FP32'] }),
    node('Reshape', { inputs: [x, wholes('s', 2n, -1n)], outputs: ['FP32'] }),
    node('Reshape', { inputs: [wave('x', [1])], constants: [{ ...wholes('s'), shape: [0] }], outputs: ['FP32'] }),
    node('Squeeze', { inputs: [wave('x', [1, 3, 1])], outputs: ['FP32'] }),
    node('Unsqueeze', { inputs: [x], constants: [wholes('axes', 0n, 3n)], outputs: ['FP32'] }),
    node('Expand', { inputs: [wave('x', [3, 1]), wholes('s', 2n, 1n, 6n)], outputs: ['FP32'] }),
    node('Tile', { inputs: [x, wholes('r', 2n, 0n)], outputs: ['FP32'] }),
    node('Pad', { inputs: [x, wholes('p', 1n, 0n, 0n, 2n)], outputs: ['FP32'], attributes: { mode: 'constant' } }),
    node('Shape', { inputs: [wave('x', [2, 0, 3])], outputs: ['INT64'] }),
    node('Size', { inputs: [x], outputs: ['INT64'] }),
    node('NonZero', { inputs: [wave('x', [9], 'BOOL')], outputs: ['INT64'] }),
    node('OneHot', {
      inputs: [wholes('x', 0n, 2n)],
      constants: [wholes('d', 3n), floats('v', [2], [0, 1])],
      outputs: ['FP32'],
    }),
    node('ConstantOfShape', { inputs: [wholes('x', 2n, 0n, 5n)], outputs: ['FP32'] }),
    node('EyeLike', { inputs: [x], outputs: ['FP32'] }),
    node('Trilu', { inputs: [x], outputs: ['FP32'] }),
    node('Unique', { inputs: [wholes('x', 3n, 1n, 3n)], outputs: ['INT64', 'INT64', 'INT64', 'INT64'] }),
    node('Compress', { inputs: [x, wave('c', [3], 'BOOL')], outputs: ['FP32'], attributes: { axis: 0n } }),
    node('DepthToSpace', { inputs: [wave('x', [1, 4, 2, 2])], outputs: ['FP32'], attributes: { blocksize: 2n } }),
    node('Resize', {
      inputs: [image],
      constants: [floats('roi', [0], []), floats('scales', [4], [1, 1, 2, 2])],
      outputs: ['FP32'],
      attributes: { mode: 'linear' },
    }),
    node('Range', {
      inputs: [
        { ...wholes('a', 2n), shape: [] },
        { ...wholes('b', 11n), shape: [] },
        { ...wholes('c', 3n), shape: [] },
      ],
      outputs: ['INT64'],
    }),
  ];
}

function ofTexts(): readonly OperatorCase[] {
  const x = texts('x', 'Monday', '', 'größe \u{1f600}', 'monday');
  return [
    node('StringNormalizer', { inputs: [x], outputs: ['BYTES'], attributes: { case_change_action: 'UPPER' } }),
    node('Equal', { inputs: [x, texts('b', 'monday')], outputs: ['BOOL'], opset: 19 }),
    node('StringConcat', { inputs: [x, texts('b', '!')], outputs: ['BYTES'], opset: 20 }),
    node('StringSplit', { inputs: [x], outputs: ['BYTES', 'INT64'], attributes: { delimiter: 'o' }, opset: 20 }),
    node('RegexFullMatch', { inputs: [x], outputs: ['BOOL'], attributes: { pattern: '[Mm]on.*' }, opset: 20 }),
    node('LabelEncoder', {
      inputs: [x],
      outputs: ['INT64'],
      attributes: { keys_strings: ['Monday', 'monday'], values_int64s: [1n, 2n] },
      domain: 'ai.onnx.ml',
    }),
  ];
}

/** @param every whether conversions from each type to each other one are among them, or to and from FP32 alone */
export function operatorCases(every: boolean): readonly OperatorCase[] {
  return [...elementwise(), ...casts(every), ...reduced(), ...linear(), ...moved(), ...ofTexts()];
}
