import '../errors.ts';
export { hostService, type HostedService, type HostedServiceOptions, type ServingEnclave } from './hosted-service.ts';
export { runHostProgram, type HostProgram, type ProgramContext } from './run-program.ts';
