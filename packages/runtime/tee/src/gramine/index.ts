import '../errors.ts';
export { createGramineAttester, type GramineAttesterOptions } from './attester.ts';
export { gramineCapabilities } from './capabilities.ts';
export { connectGramineGate } from './gate-client.ts';
export { readGateTicket, type GateTicket } from './gate-ticket.ts';
export { servePlatformChannel } from '../platform-channel.ts';
export { gramineKeyRequest } from './seal-key.ts';
export type { KernelFile, KernelFiles } from '../devices/kernel-files.ts';
