import { array, bytes, decodeValue, encodeValue, record, uint8, type Infer } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { companion, type CompanionManifest } from './companion-type.ts';
import { distinct } from '../rules.ts';

/** Larger than any manifest of the other forms. */
const maxBaseBytes = 4 * 1024 * 1024;

/**
 * A manifest with companions begins with this byte, as that of a program does with another. Then come the companions, and then the whole
 * manifest that the image would have without them, so that the runtime of an enclave reads no form but those that it knows.
 */
const companionForm = 0x82;
const type = record({
  form: uint8(),
  companions: array(companion, { minItems: 1, maxItems: 16 }),
  base: bytes({ maxBytes: maxBaseBytes }),
});

export interface CompanionSections {
  readonly companions: readonly CompanionManifest[];
  /** The manifest without companions. */
  readonly base: Uint8Array;
}

/** @throws MANIFEST_INVALID, EDL_VALUE_REFUSED for a bound */
export function encodeCompanions({ companions, base }: CompanionSections): Uint8Array {
  return encodeValue(type, { form: companionForm, companions: [...checkCompanions(companions)], base });
}

/**
 * Reads the companions of a manifest, measured as the rest is.
 * @throws MANIFEST_INVALID for bytes of another form, and for companions that break a rule
 */
export function decodeCompanions(encoded: Uint8Array): CompanionSections {
  let decoded: Infer<typeof type>;
  try {
    decoded = decodeValue(type, encoded);
  } catch (cause) {
    throw new EnclosError('MANIFEST_INVALID', 'The measured pages do not hold a manifest of this version.', { cause });
  }
  if (decoded.form !== companionForm) throw refused('the manifest to have its own form');
  return Object.freeze({ companions: checkCompanions(decoded.companions), base: decoded.base });
}

/** Whether a manifest declares companions. */
export function hasCompanions(encoded: Uint8Array): boolean {
  return encoded[0] === companionForm;
}

const mebibyte = 1024n * 1024n;
const rules: readonly (readonly [rule: string, holds: (companion: CompanionManifest) => boolean])[] = [
  ['a name of lower-case letters, digits and hyphens', ({ name }) => /^[a-z][a-z0-9-]*$/.test(name)],
  ['1 to 64 processes', ({ processes }) => processes >= 1 && processes <= 64],
  ['1 to 256 threads', ({ threads }) => threads >= 1 && threads <= 256],
  [
    'whole mebibytes of memory from 16 MiB to 64 GiB',
    ({ memoryBytes: m }) => m >= 16n * mebibyte && m <= 65_536n * mebibyte && m % mebibyte === 0n,
  ],
  [
    'files with names of letters, digits, "-", "_", "+" and ".", each at most once',
    ({ files }) => files.every(({ path }) => isFileName(path)) && distinct(files.map(({ path }) => path)),
  ],
  [
    'files of at least one byte and at most 512 MiB',
    ({ files }) => files.every(({ sizeBytes: s }) => s > 0n && s <= 512n * mebibyte),
  ],
  ['files when it loads addons', ({ addons, files }) => !addons || files.length > 0],
];

/** The name of one file in a folder, which no path and no option can be mistaken for. */
export function isFileName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_+.-]*$/.test(text);
}

/** @throws MANIFEST_INVALID */
function checkCompanions(companions: readonly CompanionManifest[]): readonly CompanionManifest[] {
  if (!distinct(companions.map(({ name }) => name))) throw refused('each name at most once');
  for (const given of companions) {
    for (const [rule, holds] of rules) if (!holds(given)) throw refused(`${rule} ("${given.name}")`);
  }
  return Object.freeze([...companions]);
}

function refused(rule: string): EnclosError {
  const field = 'companions';
  return new EnclosError('MANIFEST_INVALID', `The manifest's "${field}" need ${rule}.`, { details: { field } });
}

/** What an application cannot declare: its files are for the platform. */
export const platformFolder = '/.enclos';

/** Where the script of a companion is among the embedded files of an image. */
export function companionScriptPath(name: string): string {
  return `${platformFolder}/companions/${name}.js`;
}
