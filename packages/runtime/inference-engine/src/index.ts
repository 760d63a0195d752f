import './errors.ts';
export { defaultModelLimits, type ModelLimits } from './pool/limits.ts';
export type { ModelSpec } from './pool/model-entry.ts';
export type { EngineObserver, LoadReport, RunReport } from './pool/observer.ts';
export { EnginePool, type EnginePoolOptions, type PooledModel, type RunOptions } from './pool/pool.ts';
export type { EngineEvents, EngineProcess, EngineSource } from './pool/source.ts';
