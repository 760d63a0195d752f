import './errors.ts';
export { attestation } from './attestation.edl.ts';
export type { CollateralSource, ServiceOptions } from './host/command-line.ts';
export { makeDevelopmentConfiguration, type DevelopmentOptions } from './host/development.ts';
export { runService, type RunContext, type RunningService, type ServiceIdentity } from './host/run-service.ts';
