import './errors.ts';
export type { Attester } from './attester/attester.ts';
export { softwareCapabilities, type Capabilities, type SealPolicy } from './capabilities.ts';
export { passingAdvice } from './launcher/passing-advice.ts';
export type {
  EnclaveExit,
  Isolation,
  IsolationLayer,
  LaunchedEnclave,
  LaunchedIdentity,
  Launcher,
  LaunchFile,
  LaunchRequest,
} from './launcher/launcher.ts';
export type { LaunchedSgxEnclave, SgxLauncher, SgxLaunchRequest } from './launcher/sgx-launcher.ts';
export { createSoftwareAttester, type SoftwareAttester } from './software/attester.ts';
export { openChannel, type ChannelOptions } from './software/channel.ts';
export type { Patience } from './software/patience.ts';
export { readFrugally, readInto, transportInto, type ReadRoom } from './software/connect.ts';
export { connectSoftwarePlatform, type PlatformDescription, type SoftwareLauncher } from './software/launcher.ts';
export { channelLimits, enclaveChannel, MAX_IMAGE_CHUNK_BYTES } from './software/enclave-channel.ts';
export { hostChannel, MAX_SGX_PIECES } from './software/protocol.ts';
// Only its types: the launcher loads it, and enclaves do not hold it.
export type { platformErrors } from './software/platform-errors.ts';
export { quoteChannel } from './software/quote-channel.ts';
export { connectQuoteHelper, type QuoteHelper } from './software/quote-helper.ts';
export {
  encodeSealedBlob,
  looksSealed,
  MAX_SEALED_BYTES,
  parseSealedBlob,
  SEAL_SALT_BYTES,
  SEALED_BLOB_OVERHEAD_BYTES,
  sealedBlobHeader,
  type SealedBlob,
} from './sealed-blob.ts';
export { errorsFromEnclave, errorsFromHost } from './gate-errors.ts';
export { decodeGateHello, encodeGateHello, GateTable, type GateHello } from './gate-hello.ts';
