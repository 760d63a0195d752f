import '../errors.ts';
export { nodeEngine, type NodeEngineOptions } from './engine.ts';
export { hasXWing, xWingPublicKey } from './x-wing.ts';
