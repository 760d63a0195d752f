import { toHex } from '@enclos/codec';
import { requireSettings } from './manifest-rules.ts';
import type { GramineManifestSettings, TrustedFile } from './manifest-settings.ts';
import { sealKeyMasks } from '../gramine/seal-key.ts';
import { tomlLines, tomlString } from './toml.ts';

/**
 * A manifest for Gramine 1.9, byte for byte the same for the same settings ("Manifest syntax" of Gramine's documents).
 * MRENCLAVE covers it once `gramine-sgx-sign` has signed it. Every file already has its hash, so signing reads none of them; no
 * file is allowed without a hash; the host sets neither argv nor environment, except for the named variables.
 *
 * Written from Gramine's documents; not yet run on hardware.
 * @throws TEE_MANIFEST_INVALID
 */
export function gramineManifest(settings: GramineManifestSettings): string {
  requireSettings(settings);
  const sections = [loader(settings), mounts(settings), system(settings), enclave(settings), trusted(settings)];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const uri = (path: string): string => tomlString(`file:${path}`);

/** Sorted by path, so that the order of the settings does not change MRENCLAVE. */
function filesOf({ interpreter, image, trustedFiles }: GramineManifestSettings): readonly TrustedFile[] {
  return [interpreter, image, ...trustedFiles].toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

function loader(settings: GramineManifestSettings): readonly string[] {
  const { libos, interpreter, environment = [], environmentFromHost = [] } = settings;
  const variables = [
    ...environment.map(({ name, value }) => ({ name, line: `loader.env.${name} = ${tomlString(value)}` })),
    ...environmentFromHost.map((name) => ({ name, line: `loader.env.${name} = { passthrough = true }` })),
  ].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return [
    // Other levels print what the process does (Gramine: "Only error log level is suitable for production").
    'loader.log_level = "error"',
    `loader.entrypoint.uri = ${uri(libos.path)}`,
    `loader.entrypoint.sha256 = "${toHex(libos.sha256)}"`,
    `libos.entrypoint = ${tomlString(interpreter.path)}`,
    `loader.argv = ${tomlLines([interpreter.path, ...settings.arguments].map(tomlString))}`,
    ...variables.map(({ line }) => line),
  ];
}

function mounts(settings: GramineManifestSettings): readonly string[] {
  const items = filesOf(settings).map(({ path }) => `{ path = ${tomlString(path)}, uri = ${uri(path)} }`);
  return [`fs.mounts = ${tomlLines(items)}`];
}

function system({ hostEventfd = false }: GramineManifestSettings): readonly string[] {
  return [
    'sys.stack.size = "2M"',
    'sys.enable_sigterm_injection = false',
    'sys.enable_extra_runtime_domain_names_conf = false',
    'sys.disallow_subprocesses = true',
    ...(hostEventfd ? ['sys.insecure__allow_eventfd = true'] : []),
  ];
}

const hex = (value: bigint, digits: number): string => `"0x${value.toString(16).padStart(digits, '0')}"`;

function enclave(settings: GramineManifestSettings): readonly string[] {
  const { debug, edmm = false, enclaveSizeBytes, threads, productId, securityVersion } = settings;
  return [
    `sgx.debug = ${debug}`,
    `sgx.edmm_enable = ${edmm}`,
    `sgx.enclave_size = "${enclaveSizeBytes / (1024 * 1024)}M"`,
    `sgx.max_threads = ${threads}`,
    `sgx.isvprodid = ${productId}`,
    `sgx.isvsvn = ${securityVersion}`,
    'sgx.remote_attestation = "dcap"',
    'sgx.file_check_policy = "strict"',
    // Faulting addresses would be printed with registers by runtimes that crash.
    'sgx.use_exinfo = false',
    `sgx.seal_key.flags_mask = ${hex(sealKeyMasks.flags, 16)}`,
    `sgx.seal_key.xfrm_mask = ${hex(sealKeyMasks.xfrm, 16)}`,
    `sgx.seal_key.misc_mask = ${hex(BigInt(sealKeyMasks.misc), 8)}`,
  ];
}

/** There is no `sgx.allowed_files`: with the strict policy, a file that is not here cannot be opened. */
function trusted(settings: GramineManifestSettings): readonly string[] {
  const items = filesOf(settings).map(({ path, sha256 }) => `{ uri = ${uri(path)}, sha256 = "${toHex(sha256)}" }`);
  return [`sgx.trusted_files = ${tomlLines(items)}`];
}
