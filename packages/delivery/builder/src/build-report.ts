import { parseJsonBytes } from '@enclos/codec/json';
import { z } from 'zod';

import type { TrustedPackage } from './node/trusted-base.ts';

/** Something else that the enclave trusts: the interpreter, a trusted file, a native addon. */
export interface TrustedFile {
  readonly name: string;
  readonly sha256: string;
  /** Absent when the file was not on the building machine, or was another one there. */
  readonly sizeBytes?: number;
}

/** What made the bundle: trusted to have put in what the sources say. */
export interface TrustedBundler {
  readonly name: string;
  readonly version: string;
}

export interface TrustedInterpreter {
  readonly version: string;
  readonly files: readonly TrustedFile[];
  /** Libraries of the system that it loads. No image pins them. */
  readonly unmeasuredLibraries: readonly string[];
}

/** What made a program: a compiler, and what it was given besides the sources. */
export interface TrustedToolchain {
  readonly name: string;
  readonly version: string;
  /** Such as an overlay of the standard library. */
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}

/** A companion: what is in its script, and its files. */
export interface CompanionReport {
  readonly name: string;
  readonly bundleSha256: string;
  readonly bundleBytes: number;
  readonly builtins: readonly string[];
  readonly packages: readonly TrustedPackage[];
  readonly files: readonly TrustedFile[];
}

interface AnyReport {
  readonly version: 1;
  readonly name: string;
  readonly mrEnclave: string;
  /** Ties the report to a bundle: it says nothing about any other. */
  readonly bundleSha256: string;
  readonly bundleBytes: number;
  /** What is in the bundle, by the packages of its language. A program lists none. */
  readonly packages: readonly TrustedPackage[];
  readonly trustedFiles: readonly TrustedFile[];
}

/** `NAME.report.json`: what the image cannot tell about itself. Not measured, so only ever a description. */
export type BuildReport = ScriptReport | ProgramReport;

/** The report of an enclave that is a program. */
export interface ProgramReport extends AnyReport {
  readonly program: { readonly architecture: string };
  /** Absent when the program was given as it is. */
  readonly toolchain?: TrustedToolchain;
}

/** The report of an enclave that is a module. */
export interface ScriptReport extends AnyReport {
  readonly builtins: readonly string[];
  readonly bundler: TrustedBundler;
  readonly interpreter: TrustedInterpreter;
  /** Packages that are in the bundle as they are for browsers, by name. */
  readonly browserPackages?: readonly string[];
  /** Modules that enclave.json has made empty. */
  readonly absent?: readonly string[];
  /** The processes beside the enclave. Absent when there are none. */
  readonly companions?: readonly CompanionReport[];
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const trustedFile = z.strictObject({ name: z.string(), sha256: digest, sizeBytes: count.optional() });
const packages = z.array(
  z.strictObject({ name: z.string(), version: z.string(), bytesInBundle: count, sourceLines: count }),
);
const shared = {
  version: z.literal(1),
  name: z.string(),
  mrEnclave: digest,
  bundleSha256: digest,
  bundleBytes: count,
  trustedFiles: z.array(trustedFile),
  packages,
};
const programSchema = z.strictObject({
  ...shared,
  program: z.strictObject({ architecture: z.string() }),
  toolchain: z
    .strictObject({
      name: z.string(),
      version: z.string(),
      inputs: z.array(z.strictObject({ name: z.string(), sha256: digest })),
    })
    .optional(),
});
const scriptSchema = z.strictObject({
  ...shared,
  builtins: z.array(z.string()),
  bundler: z.strictObject({ name: z.string(), version: z.string() }),
  interpreter: z.strictObject({
    version: z.string(),
    files: z.array(trustedFile),
    unmeasuredLibraries: z.array(z.string()),
  }),
  browserPackages: z.array(z.string()).optional(),
  absent: z.array(z.string()).optional(),
  companions: z
    .array(
      z.strictObject({
        name: z.string(),
        bundleSha256: digest,
        bundleBytes: count,
        builtins: z.array(z.string()),
        packages,
        files: z.array(trustedFile),
      }),
    )
    .optional(),
});

/** A bundle of thousands of packages stays far below this. */
const maximumValues = 262_144;

export function encodeBuildReport(report: BuildReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** A report, or undefined for anything else: it is optional wherever it is read. */
export function parseBuildReport(bytes: Uint8Array): BuildReport | undefined {
  try {
    const json = parseJsonBytes(bytes, bytes.length, { maxValues: maximumValues });
    return Object.freeze(
      typeof json === 'object' && json !== null && 'program' in json ? ofProgram(json) : ofScript(json),
    );
  } catch {
    return undefined;
  }
}

function ofProgram(json: unknown): ProgramReport {
  const { toolchain, trustedFiles, ...rest } = programSchema.parse(json);
  return {
    ...rest,
    ...(toolchain === undefined ? {} : { toolchain }),
    trustedFiles: trustedFiles.map(withoutAbsent),
  };
}

function ofScript(json: unknown): ScriptReport {
  const parsed = scriptSchema.parse(json);
  const { packages: ofBundle, interpreter, trustedFiles, browserPackages, absent, companions, ...rest } = parsed;
  return {
    ...rest,
    ...(companions === undefined ? {} : { companions: companions.map(ofCompanion) }),
    ...(browserPackages === undefined ? {} : { browserPackages }),
    ...(absent === undefined ? {} : { absent }),
    packages: ofBundle,
    interpreter: { ...interpreter, files: interpreter.files.map(withoutAbsent) },
    trustedFiles: trustedFiles.map(withoutAbsent),
  };
}

function ofCompanion({
  files,
  ...companion
}: NonNullable<z.infer<typeof scriptSchema>['companions']>[number]): CompanionReport {
  return { ...companion, files: files.map(withoutAbsent) };
}

function withoutAbsent({ name, sha256, sizeBytes }: z.infer<typeof trustedFile>): TrustedFile {
  return sizeBytes === undefined ? { name, sha256 } : { name, sha256, sizeBytes };
}
