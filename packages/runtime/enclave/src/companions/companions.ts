import './errors.ts';
export { callCompanion, serveCompanion, type CompanionCallOptions, type CompanionCalls } from './calls.ts';
export { openCompanions, type CompanionEvents, type CompanionProcess } from './open-companions.ts';
