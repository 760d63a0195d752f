import './errors.ts';
export { forbiddenBuiltins } from './node/builtins.ts';
export { buildEnclave, type BuildOptions, type BuildResult } from './build-enclave.ts';
export {
  encodeBuildReport,
  parseBuildReport,
  type BuildReport,
  type CompanionReport,
  type ProgramReport,
  type ScriptReport,
  type TrustedBundler,
  type TrustedFile,
  type TrustedInterpreter,
  type TrustedToolchain,
} from './build-report.ts';
export { companionFolder } from './build-companions.ts';
export { bundleCompanion, bundleEnclave, type Bundle, type BundledModule, type BundleOptions } from './node/bundle.ts';
export { didYouMean, renderDiagnostic, type Diagnostic, type RenderOptions } from '@enclos/diagnostics';
export { BuildError, isBuildError } from './diagnostic.ts';
export { enclaveJsonSchema, enclaveJsonSchemaDocument, filesOfHost } from './project/enclave-json.ts';
export { goProgramOf, withMemoryLimit } from './project/go-program.ts';
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
} from './signing/external-signature.ts';
export { loadInterface, type InterfaceSource } from './node/load-interface.ts';
export { generateKey, writeKeyFile } from './signing/key-file.ts';
export {
  defaultLimits,
  loadProject,
  parseProject,
  PROJECT_FILE,
  relayedVariant,
  type Project,
  type ProjectCompanion,
  type ProjectProgram,
  type SigningAttributes,
} from './project/project.ts';
export type { ProjectFiles } from './project/project-files.ts';
export { withKeyOf } from './signing/key-of-file.ts';
export { isEnclaveFile, withSignature } from './signing/enclave-file.ts';
export { signEnclave, signingDate, type SignOptions } from './signing/sign.ts';
export {
  describeSignature,
  readSignedEnclave,
  signatureDifference,
  type SignedEnclave,
  type SignedIdentity,
} from './signing/signed-image.ts';
export type { PackageIdentity } from './node/package-finder.ts';
export { packagesOf, type TrustedPackage } from './node/trusted-base.ts';
export { writeFileAtomically } from './write-file.ts';
