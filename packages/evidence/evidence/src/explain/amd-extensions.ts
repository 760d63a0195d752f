import { DerReader, DerTag, toHex } from '@enclos/codec';
import { node, type ExplainNode } from './nodes.ts';

const amd = '1.3.6.1.4.1.3704.1.';
/** The extensions of a VCEK or VLEK (AMD document 57230, "VCEK Certificate and KDS Interface Specification"). */
const names: Readonly<Record<string, string>> = {
  '1': 'version of the structure',
  '2': 'product',
  '3.1': 'SVN of the boot loader',
  '3.2': 'SVN of the TEE (PSP operating system)',
  '3.3': 'SVN of the SNP firmware',
  '3.8': 'SVN of the microcode',
  '3.9': 'SVN of the FMC',
  '4': 'hardware id of the chip',
  '5': 'cloud provider',
};

export function isAmdExtension(id: string): boolean {
  return id.startsWith(amd);
}

/** What an extension of AMD says. @throws a CODEC error. */
export function amdNodes(id: string, value: Uint8Array): readonly ExplainNode[] {
  const label = names[id.slice(amd.length)] ?? 'value';
  // The hardware id has no DER tag.
  if (id === `${amd}4`) return [node(label, toHex(value))];
  const reader = new DerReader(value);
  if (reader.peek() === DerTag.INTEGER) return [node(label, reader.integer(0xffff_ffff))];
  if (reader.peek() === DerTag.IA5_STRING) return [node(label, reader.text(64))];
  return [node(label, toHex(value))];
}
