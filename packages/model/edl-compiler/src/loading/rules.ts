import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;

/** Where the SDKs install a file, so that the hint can name the folder. */
function folderOf(name: string): string {
  if (name.startsWith('openenclave/')) return "Open Enclave's include folder (/opt/openenclave/include)";
  if (name === 'platform.edl') return "Open Enclave's folder for SGX (/opt/openenclave/include/openenclave/edl/sgx)";
  if (/^sgx_\w+\.edl$/.test(name)) return "the include folder of Intel's SDK (/opt/intel/sgxsdk/include)";
  return 'the folder that it is in';
}

/** What may break between files. */
export const loadingRules = {
  /** Words: the name of the file, as it is written. */
  notFound: {
    code: 'edl-file-not-found',
    dialects: both,
    text: (name) => `The file "${name}" is not found.`,
    oe: (name) => `error: file not found within search paths: ${name}`,
    intel: (name) => `File not found within search paths: ${name}`,
    hint: (name) => `--search-path with ${folderOf(name)}`,
  },
  /** Words: the file that is imported, the path that it has. */
  circle: {
    code: 'edl-import-circle',
    dialects: both,
    text: (name) => `The import of "${name}" leads back to this file.`,
    oe: () => 'error: recursive import detected',
    intel: (_name, path) => `detected circled import for \`${path}'`,
    hint: () => 'a third file for what both need',
  },
  tooLong: {
    code: 'edl-file-too-large',
    dialects: both,
    text: () => 'The file has more than 4 MiB.',
    hint: () => 'several files',
  },
  tooLongTogether: {
    code: 'edl-files-too-large',
    dialects: both,
    text: () => 'With this file, what is imported has more than 16 MiB.',
  },
  tooMany: {
    code: 'edl-too-many-files',
    dialects: both,
    text: () => 'More than 256 files are imported.',
    hint: () => 'fewer imports',
  },
  tooDeep: {
    code: 'edl-import-depth',
    dialects: both,
    text: () => 'Imports are nested more than 64 files deep.',
    hint: () => 'a direct import of what is needed',
  },
} as const satisfies Readonly<Record<string, Rule>>;
