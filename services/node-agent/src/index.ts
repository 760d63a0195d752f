import './errors.ts';
export { startAgent, type Agent, type AgentSurroundings } from './agent.ts';
export { createLog, type Log, type LogFields } from './log.ts';
export { parseOptions, type AgentOptions } from './options.ts';
