import '../errors.ts';

/** What needs Node: a proxy for programs that do not know the client. */
export {
  createInferenceProxy,
  type InferenceProxy,
  type InferenceProxyAddress,
  type InferenceProxyOptions,
} from './proxy.ts';
