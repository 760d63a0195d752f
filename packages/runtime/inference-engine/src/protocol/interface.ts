import {
  array,
  bytes,
  defineInterface,
  enumeration,
  func,
  int32,
  record,
  string,
  uint8,
  uint16,
  uint32,
} from '@enclos/edl';
import type { Infer } from '@enclos/edl';
import { defaultTensorLimits, maximumNameLength } from '@enclos/open-inference';

/** The most bytes of all tensors of one run, in each direction. */
export const MAX_DATA_BYTES = 268_435_456;
/** The largest model: one message of Protocol Buffers (protobuf.dev, "proto limits"). */
export const MAX_MODEL_BYTES = 2_147_483_647;
/** The most bytes of a model that cross in one call. */
export const MODEL_CHUNK_BYTES = 4_194_304;
/** The most inputs or outputs of a model: large language models have two for each layer. */
export const MAX_TENSORS = 1024;
/** The most dimensions of a tensor. */
export const MAX_DIMENSIONS = defaultTensorLimits.maxDimensions;
/** The largest size of a dimension. */
export const MAX_DIMENSION = 0x7fff_ffff;

/** Names and datatypes of inputs and outputs are said once, when the model is loaded. */
const facts = record({
  name: string({ minBytes: 1, maxBytes: 3 * maximumNameLength }),
  datatype: enumeration(
    'BOOL',
    'INT8',
    'INT16',
    'INT32',
    'INT64',
    'UINT8',
    'UINT16',
    'UINT32',
    'UINT64',
    'FP16',
    'BF16',
    'FP32',
    'FP64',
    'BYTES',
  ),
  /** -1 is variable. */
  shape: array(int32(), { maxItems: MAX_DIMENSIONS }),
});

/** Where one tensor is in `data`: tensors follow each other in order, each at the next multiple of 8. */
const place = record({
  /** Its index among the inputs or outputs of the model. */
  index: uint16(),
  shape: array(uint32(), { maxItems: MAX_DIMENSIONS }),
  sizeBytes: uint32(),
});
type Place = Infer<typeof place>;

/** All tensors of a run as one piece, which neither side copies to read it. */
const tensors = { places: array(place, { maxItems: MAX_TENSORS }), data: bytes({ maxBytes: MAX_DATA_BYTES }) };
export interface PackedTensors {
  readonly places: readonly Place[];
  readonly data: Uint8Array;
}

/**
 * What an enclave asks of an engine. One call at a time is served; a model is known by the number that the enclave chose for it.
 * A model crosses in pieces between `begin` and `finish`, so that it exists in the engine's memory only.
 */
export const engineInterface = defineInterface({
  name: 'inference_engine_1',
  trusted: {
    begin: func({ model: uint32(), sizeBytes: uint32(), threads: uint8() }),
    add: func({ model: uint32(), data: bytes({ minBytes: 1, maxBytes: MODEL_CHUNK_BYTES }) }),
    finish: func(
      { model: uint32() },
      record({ inputs: array(facts, { maxItems: MAX_TENSORS }), outputs: array(facts, { maxItems: MAX_TENSORS }) }),
    ),
    run: func(
      {
        model: uint32(),
        ...tensors,
        /** Indexes of the outputs that are wanted. */
        outputs: array(uint16(), { maxItems: MAX_TENSORS }),
        maxOutputBytes: uint32(),
      },
      record(tensors),
    ),
    unload: func({ model: uint32() }),
  },
  untrusted: {},
});

/** Room for one run of the largest size and what stands before its data. */
export const engineLimits = Object.freeze({
  maxFrameBytes: MAX_DATA_BYTES + 1_048_576,
  maxConcurrentCalls: 1,
  maxQueuedCalls: 16,
  maxPendingCalls: 16,
  maxDepth: 1,
  helloTimeoutMs: 60_000,
});
