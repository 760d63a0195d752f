export { attest, connectAttested, echo, type Attested, type EchoTrust, type EvidenceSource } from './client.ts';
export { loadTlsEcho, type TlsEchoEnclave, type TlsEchoHostOptions } from './host.ts';
export { tlsEchoProjectFolder } from './project-folder.ts';
export { startInterceptor, startRecorder, type Address, type Relay } from './relays.ts';
export { evidencePurpose, serverName, tlsEcho } from './tls-echo.edl.ts';
