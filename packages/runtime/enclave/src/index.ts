import './errors.ts';
export {
  ApplicationError,
  defineEnclave,
  type CallContext,
  type EnclaveApplication,
  type EnclaveOptions,
  type StartContext,
} from './application.ts';
export { embeddedFile, trustedFile } from './files/files.ts';
export { generateKeyPair, randomBytes, type EnclaveKeyPair } from './keys.ts';
export { log } from './log.ts';
export { LogLevel, type LogLevelName, type LogText } from './log-filter.ts';
export { openMount, type FolderEntry, type Mount } from './files/mounts.ts';
export { capabilities } from './platform.ts';
export { quote, quoteReportData, type QuoteRequest } from './quote.ts';
export { createReport, identity, targetInfo, verifyReport } from './report.ts';
export { environmentVariable } from './runtime.ts';
export { seal, unseal, type SealOptions } from './seal.ts';
export { connect, listen, type Connection, type Listener, type StreamOptions } from './net/streams.ts';
export { tlsServer, type TlsServerOptions } from './net/tls.ts';
export { createTlsIdentity, type TlsIdentity } from './net/tls-identity.ts';
