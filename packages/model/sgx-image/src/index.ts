import './errors.ts';
export type { EnclaveImage, EnclavePage, SdkEnclaveImage, SdkMetadata, SdkProduct } from './image.ts';
export { launchAttributes, type LaunchAttributes } from './launch.ts';
export { openEnclaveImage, openSdkImage, recogniseEnclaveFile, sdkNames, type EnclaveFile } from './open.ts';
export { sgxsPieces } from './stream.ts';
export type { sgxImageErrors } from './errors.ts';
