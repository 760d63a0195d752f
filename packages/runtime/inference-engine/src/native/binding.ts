import type { NativeData } from '../companion/elements.ts';

/** What `onnxruntime_binding.node` of onnxruntime-node exports, as far as it is used (its `binding.d.ts`). */
export interface OnnxruntimeBinding {
  readonly InferenceSession: new () => NativeSession;
  initOrtOnce(logLevel: number, tensorClass: TensorClass, isMainThread: boolean): void;
}

export interface NativeSession {
  readonly inputMetadata: readonly NativeFacts[];
  readonly outputMetadata: readonly NativeFacts[];
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: SessionOptions): void;
  /** Null asks for an output, in new memory. */
  run(
    inputs: Readonly<Record<string, NativeTensor>>,
    outputs: Readonly<Record<string, null>>,
    options: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, NativeTensor>>;
  dispose(): void;
}

export interface NativeFacts {
  readonly name: string;
  readonly isTensor: boolean;
  /** The number of the element type in ONNX (onnx.proto, TensorProto.DataType). */
  readonly type?: number;
  readonly shape?: readonly number[];
}

/** The options of a session that are used (onnxruntime-common, `InferenceSession.SessionOptions`). */
export interface SessionOptions {
  readonly executionProviders: readonly string[];
  readonly executionMode: 'sequential';
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly graphOptimizationLevel: 'all';
  readonly enableCpuMemArena: boolean;
  readonly enableMemPattern: boolean;
  readonly logSeverityLevel: number;
}

/** The class that the binding makes its outputs with, and that it reads inputs of. */
export type TensorClass = new (type: string, data: NativeData, dims: readonly number[]) => NativeTensor;

/** The tensor of onnxruntime-common as far as the binding reads it; the rest of that package is not needed. */
export class NativeTensor {
  readonly type: string;
  readonly data: NativeData;
  readonly dims: readonly number[];
  readonly location = 'cpu';

  constructor(type: string, data: NativeData, dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}
