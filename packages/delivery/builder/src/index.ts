import './errors.ts';
export { forbiddenBuiltins } from './builtins.ts';
export { buildEnclave, type BuildOptions, type BuildResult } from './build-enclave.ts';
export {
  encodeBuildReport,
  parseBuildReport,
  type BuildReport,
  type TrustedBundler,
  type TrustedFile,
  type TrustedInterpreter,
} from './build-report.ts';
export { bundleEnclave, type Bundle, type BundledModule, type BundleOptions } from './bundle.ts';
export { didYouMean, renderDiagnostic, type Diagnostic, type RenderOptions } from '@enclos/diagnostics';
export { BuildError, isBuildError } from './diagnostic.ts';
export { enclaveJsonSchemaDocument } from './enclave-json.ts';
export {
  inspect,
  inspectFile,
  type InspectKind,
  type InspectNode,
  type InspectOptions,
  type InspectReport,
} from './inspect/index.ts';
export {
  attachSignature,
  prepareSignature,
  type AttachSignatureOptions,
  type PrepareSignatureOptions,
} from './external-signature.ts';
export { loadInterface } from './load-interface.ts';
export { generateKey, writeKeyFile } from './key-file.ts';
export { loadProject, parseProject, PROJECT_FILE, type Project, type SigningAttributes } from './project.ts';
export type { ProjectFiles } from './project-files.ts';
export { signEnclave, signingDate, type SignOptions } from './sign.ts';
export {
  describeSignature,
  readSignedEnclave,
  signatureDifference,
  type SignedEnclave,
  type SignedIdentity,
} from './signed-image.ts';
export { packagesOf, type PackageIdentity, type TrustedPackage } from './trusted-base.ts';
export { writeFileAtomically } from './write-file.ts';
