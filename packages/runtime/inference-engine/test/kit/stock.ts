import type { NativeData } from '../../src/companion/elements.ts';
import type { EngineKind } from './child-engines.ts';

type StockTensor = readonly [name: string, type: string, data: NativeData, shape: readonly number[]];

/** A published package of ONNX Runtime as its users call it. */
export interface StockRuntime {
  load(model: Uint8Array): Promise<StockSession>;
}

export interface StockSession {
  run(inputs: readonly StockTensor[]): Promise<readonly StockTensor[]>;
  release(): Promise<void>;
}

/** What is used of onnxruntime-common, which both packages export. */
interface Common {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<CommonSession> };
  readonly Tensor: new (type: string, data: NativeData, dims: readonly number[]) => CommonTensor;
}
interface CommonSession {
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, CommonTensor>>): Promise<Readonly<Record<string, CommonTensor>>>;
  release(): Promise<void>;
}
interface CommonTensor {
  readonly type: string;
  readonly data: NativeData;
  readonly dims: readonly number[];
}

/** The same options as our engines: they decide how sums are ordered. */
const options = { logSeverityLevel: 4, executionMode: 'sequential', intraOpNumThreads: 1, interOpNumThreads: 1 };

export async function stockRuntime(kind: EngineKind): Promise<StockRuntime> {
  const runtime = await (kind === 'native' ? nativePackage() : webPackage());
  return {
    async load(model) {
      const session = await runtime.InferenceSession.create(model, options);
      return {
        async run(inputs) {
          const feeds = inputs.map(([name, ...rest]) => [name, new runtime.Tensor(...rest)] as const);
          const outputs = await session.run(Object.fromEntries(feeds));
          return session.outputNames.map((name) => {
            const output = outputs[name];
            if (output === undefined) throw new TypeError('The package gives no such output.');
            return [name, output.type, output.data, output.dims] as const;
          });
        },
        release: () => session.release(),
      };
    },
  };
}

const nativePackage = async (): Promise<Common> => import('onnxruntime-node');

async function webPackage(): Promise<Common> {
  const web = await import('onnxruntime-web/wasm');
  web.env.wasm.numThreads = 1;
  web.env.logLevel = 'fatal';
  return web;
}
