/** One entry of the layout table. */
export interface LayoutEntry {
  readonly id: number;
  /** SECINFO.FLAGS; 0 for a guard, which is not added. */
  readonly flags: number;
  readonly offset: number;
  /** Pages. */
  readonly count: number;
  readonly content?: Uint8Array;
  /** A number that fills the pages. */
  readonly fill?: number;
}

export interface IntelLayout {
  readonly enclaveBytes: number;
  readonly templates: readonly LayoutEntry[];
  /** The last entries, which are loaded again. */
  readonly group: { readonly entries: number; readonly times: number; readonly stepBytes: number };
  readonly patch: { readonly at: number; readonly content: Uint8Array };
}

const noteHeaderBytes = 12;
const name = 'sgx_metadata\0';
const metadataBytes = 0x5000;
const sigstructBytes = 1808;
const sigstructAt = 64;
const directoriesAt = sigstructAt + sigstructBytes;
const dataAt = directoriesAt + 16;
const entryBytes = 32;
const addAndExtend = 3;

/** The content of `.note.sgxmeta` with one thread group, as {@link intelEnclave} has it, for files that no compiler made. */
export function intelNote(layout: IntelLayout): Uint8Array {
  return intelMetadata(layout).note;
}

/** `.note.sgxmeta`: a note with metadata 2.4, without the SIGSTRUCT. */
export function intelMetadata(layout: IntelLayout): { readonly note: Uint8Array; readonly sigstructAt: number } {
  const start = noteHeaderBytes + name.length;
  const note = new Uint8Array(start + metadataBytes);
  const head = viewOf(note);
  head.setUint32(0, name.length, true);
  head.setUint32(4, metadataBytes, true);
  head.setUint32(8, 1, true);
  note.set(Buffer.from(name, 'latin1'), noteHeaderBytes);
  writeMetadata(note.subarray(start), layout);
  return { note, sigstructAt: start + sigstructAt };
}

function writeMetadata(bytes: Uint8Array, { enclaveBytes, templates, group, patch }: IntelLayout): void {
  const view = viewOf(bytes);
  view.setBigUint64(0, 0x86a8_0294_635d_0e4cn, true);
  view.setUint32(8, 4, true);
  view.setUint32(12, 2, true);
  view.setUint32(16, metadataBytes, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, 1, true);
  view.setUint32(28, 2632, true);
  view.setBigUint64(40, BigInt(enclaveBytes), true);
  view.setBigUint64(48, 4n, true);
  view.setBigUint64(56, 3n, true);
  const tableAt = dataAt + entryBytes;
  const entries = group.times > 0 ? templates.length + 1 : templates.length;
  let contentAt = tableAt + entries * entryBytes;
  const place = (content: Uint8Array): number => {
    bytes.set(content, contentAt);
    contentAt += content.length;
    return contentAt - content.length;
  };
  view.setUint32(directoriesAt, dataAt, true);
  view.setUint32(directoriesAt + 4, entryBytes, true);
  view.setUint32(directoriesAt + 8, tableAt, true);
  view.setUint32(directoriesAt + 12, entries * entryBytes, true);
  view.setBigUint64(dataAt, BigInt(patch.at), true);
  view.setUint32(dataAt + 8, place(patch.content), true);
  view.setUint32(dataAt + 12, patch.content.length, true);
  templates.forEach((entry, index) => writeEntry(view, tableAt + index * entryBytes, entry, place));
  if (group.times > 0) writeGroup(view, tableAt + templates.length * entryBytes, group);
}

function writeEntry(view: DataView, at: number, entry: LayoutEntry, place: (content: Uint8Array) => number): void {
  const { id, flags, offset, count, content, fill = 0 } = entry;
  view.setUint16(at, id, true);
  view.setUint16(at + 2, flags === 0 ? 0 : addAndExtend, true);
  view.setUint32(at + 4, count, true);
  view.setBigUint64(at + 8, BigInt(offset), true);
  view.setUint32(at + 16, content?.length ?? fill, true);
  view.setUint32(at + 20, content === undefined ? 0 : place(content), true);
  view.setBigUint64(at + 24, BigInt(flags), true);
}

function writeGroup(view: DataView, at: number, { entries, times, stepBytes }: IntelLayout['group']): void {
  view.setUint16(at, 0x1009, true);
  view.setUint16(at + 2, entries, true);
  view.setUint32(at + 4, times, true);
  view.setBigUint64(at + 8, BigInt(stepBytes), true);
}
import { viewOf } from '@enclos/codec';
