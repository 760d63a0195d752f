import { ByteWriter } from '@enclos/codec';
import { isByteList } from '@enclos/codec/json';
import { snpReportBytes } from './binary-forms.ts';

type Members = Readonly<Record<string, unknown>>;

const reservedAfterVectors = 152;

/**
 * The report of SEV-SNP that a JSON object spells field by field, as the attester
 * `snp` of Confidential Containers writes it (`attestation_report`; names are those
 * of the crate `sev`). Reserved bytes are zero, which they must be. The verifier
 * finds out whether it is the report that the firmware signed.
 *
 * @returns 1184 bytes; undefined for a value that is not of this form.
 */
export function snpReportOfJson(value: unknown): Uint8Array | undefined {
  if (!isMembers(value) || !isMembers(value['signature'])) return undefined;
  const writer = new FieldWriter(value);
  for (const [name, sizeBytes] of beforeTcb) writer.number(name, sizeBytes);
  for (const name of ['family_id', 'image_id']) writer.list(name, 16);
  for (const name of ['vmpl', 'sig_algo']) writer.number(name, 4);
  writer.tcb('current_tcb');
  writer.number('plat_info', 8);
  writer.number('key_info', 4);
  writer.zeros(4);
  for (const [name, sizeBytes] of digests) writer.list(name, sizeBytes);
  writer.tcb('reported_tcb');
  for (const name of ['cpuid_fam_id', 'cpuid_mod_id', 'cpuid_step']) writer.optionalNumber(name, 1);
  writer.zeros(21);
  writer.list('chip_id', 64);
  writer.tcb('committed_tcb');
  for (const name of ['current', 'committed']) writer.firmware(name);
  writer.tcb('launch_tcb');
  for (const name of ['launch_mit_vector', 'current_mit_vector']) writer.optionalNumber(name, 8);
  writer.zeros(reservedAfterVectors);
  const signature = writer.inside('signature');
  for (const name of ['r', 's']) signature.list(name, 72);
  return writer.finish();
}

const beforeTcb = [
  ['version', 4],
  ['guest_svn', 4],
  ['policy', 8],
] as const;

const digests = [
  ['report_data', 64],
  ['measurement', 48],
  ['host_data', 32],
  ['id_key_digest', 48],
  ['author_key_digest', 48],
  ['report_id', 32],
  ['report_id_ma', 32],
] as const;

/** Writes members of an object one after the other, little-endian, until one is missing or of another kind. */
class FieldWriter {
  readonly #members: Members;
  readonly #state: { readonly writer: ByteWriter; failed: boolean };

  constructor(members: Members, state = { writer: new ByteWriter(), failed: false }) {
    this.#members = members;
    this.#state = state;
  }

  number(name: string, sizeBytes: number): void {
    this.#number(this.#members[name], sizeBytes);
  }

  /** Absent and null are zero. */
  optionalNumber(name: string, sizeBytes: number): void {
    this.#number(this.#members[name] ?? 0, sizeBytes);
  }

  list(name: string, sizeBytes: number): void {
    const value = this.#members[name];
    if (isByteList(value, sizeBytes) && value.length === sizeBytes) this.#bytes(Uint8Array.from(value));
    else this.#state.failed = true;
  }

  /** TCB_VERSION: with an FMC that of Turin (AMD 56860, TCB_VERSION structure). */
  tcb(name: string): void {
    const tcb = this.inside(name);
    const hasFmc = typeof tcb.#members['fmc'] === 'number';
    for (const part of hasFmc ? ['fmc', 'bootloader', 'tee', 'snp'] : ['bootloader', 'tee']) tcb.number(part, 1);
    tcb.zeros(hasFmc ? 3 : 4);
    for (const part of hasFmc ? ['microcode'] : ['snp', 'microcode']) tcb.number(part, 1);
  }

  firmware(name: string): void {
    const version = this.inside(name);
    for (const part of ['build', 'minor', 'major']) version.number(part, 1);
    version.zeros(1);
  }

  zeros(sizeBytes: number): void {
    this.#bytes(new Uint8Array(sizeBytes));
  }

  /** A writer of the members of a member. */
  inside(name: string): FieldWriter {
    const value = this.#members[name];
    if (!isMembers(value)) this.#state.failed = true;
    return new FieldWriter(isMembers(value) ? value : {}, this.#state);
  }

  finish(): Uint8Array | undefined {
    if (this.#state.failed) return undefined;
    const written = this.#state.writer.finish();
    const report = new Uint8Array(snpReportBytes);
    report.set(written);
    return report;
  }

  #number(value: unknown, sizeBytes: number): void {
    const isSmall = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 256 ** sizeBytes;
    const number = isSmall ? BigInt(value) : 0n;
    if (!isSmall) this.#state.failed = true;
    this.#bytes(Uint8Array.from({ length: sizeBytes }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn)));
  }

  #bytes(bytes: Uint8Array): void {
    if (!this.#state.failed) this.#state.writer.bytes(bytes);
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
