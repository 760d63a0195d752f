import './errors.ts';
export type { Application, ApplicationFile, ApplicationProgram, HostPrograms } from './application.ts';
export { architectures, type Architecture, type PreparedBase } from './base/base.ts';
export {
  buildImage,
  buildProgramImage,
  buildSignedImage,
  type BaseChoice,
  type BuildImageOptions,
  type BuildOptions,
  type BuildProgramImageOptions,
  type BuildSignedImageOptions,
  type BuiltImage,
  type BuiltProgramImage,
} from './build.ts';
export type { ComposedImage } from './build-image.ts';
export type { Digest } from './digest.ts';
export { describeImage, type ImageFacts } from './describe-image.ts';
export { enclaveLabels } from './labels.ts';
export { withImageSource } from './open-image.ts';
export type { ImageChoice, ImageSource } from './oci/source.ts';
export type { Credentials } from './registry/authorization.ts';
export type { RegistryOptions } from './registry/client.ts';
export type { Network } from './registry/exchange.ts';
export type { ProgramApplication } from './program-image.ts';
export { joinImages, type JoinedImages } from './join-images.ts';
export { pullImage, type PulledImage, type PullOptions } from './registry/pull.ts';
export { pushImage, type PushedImage } from './registry/push.ts';
export { looksLikeReference, parseReference, type ImageReference } from './registry/reference.ts';
export type { SignedApplication } from './signed/compose.ts';
export { signedNameOf, type SignedFile } from './signed/enclave-file.ts';
export { npmPurl, type Component } from './statements/component.ts';
export { fileContent } from './tar/file-content.ts';
export { verifyImage, type ImageExpectation, type VerifiedImage } from './verify-image.ts';
