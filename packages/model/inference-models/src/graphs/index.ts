/** Writes small ONNX models: for tests of engines, and for scripts that train. */
export type { Graph, GraphAttribute, GraphModel, GraphNode, GraphValue } from './graph.ts';
export { writeModel } from './write.ts';
