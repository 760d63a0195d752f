import { DerReader, DerTag, toHex, type DerElement } from '@enclos/codec';
import { group, node, type ExplainNode } from './nodes.ts';

const sgx = '1.2.840.113741.1.13.1';
const sgxTypes = ['standard', 'scalable', 'scalable with integrity'];
/** What the TCB info of Intel's current platforms says about the components. */
const components: Readonly<Record<number, string>> = {
  1: 'BIOS: early microcode update',
  2: 'OS/VMM: SGX late microcode update',
  3: 'OS/VMM: TXT SINIT',
  4: 'BIOS',
  5: 'BIOS',
  6: 'BIOS',
  8: 'OS/VMM: SEAMLDR ACM',
};

const names: Readonly<Record<string, readonly [label: string, note?: string]>> = {
  [`${sgx}.1`]: ['PPID', 'identifies the machine'],
  [`${sgx}.3`]: ['PCEID', 'which provisioning certification enclave'],
  [`${sgx}.4`]: ['FMSPC', 'the family of platforms, which chooses the TCB info'],
  [`${sgx}.5`]: ['SGX type'],
  [`${sgx}.6`]: ['platform instance id'],
  [`${sgx}.7.1`]: ['dynamic platform', 'processors may be added after it was registered'],
  [`${sgx}.7.2`]: ['cached keys', 'Intel keeps its keys'],
  [`${sgx}.7.3`]: ['simultaneous multithreading'],
};

/** What Intel's SGX extension of a PCK certificate says. @throws a CODEC error. */
export function sgxNodes(value: Uint8Array): readonly ExplainNode[] {
  return entriesOf(new DerReader(value).sequence());
}

function entriesOf(list: DerReader): readonly ExplainNode[] {
  const nodes: ExplainNode[] = [];
  while (!list.done) {
    const entry = list.sequence();
    nodes.push(entryNode(entry.objectIdentifier(), entry.element()));
  }
  return nodes;
}

function entryNode(id: string, element: DerElement): ExplainNode {
  if (id === `${sgx}.2`) return group('TCB', entriesOf(new DerReader(element.encoded).sequence()));
  if (id === `${sgx}.7`) return group('configuration', entriesOf(new DerReader(element.encoded).sequence()));
  const index = id.startsWith(`${sgx}.2.`) ? Number(id.slice(sgx.length + 3)) : undefined;
  if (index === 17) return node('PCESVN', valueOf(element));
  if (index === 18) return node('CPUSVN', valueOf(element));
  if (index !== undefined) return node(`component ${index}`, valueOf(element), componentNote(index));
  const [label, note] = names[id] ?? [id];
  const type = id === `${sgx}.5` ? sgxTypes[element.content[0] ?? -1] : undefined;
  return node(label, valueOf(element), type ?? note);
}

function componentNote(index: number): string | undefined {
  const words = components[index];
  return words === undefined ? undefined : `on hardware: ${words}`;
}

function valueOf({ tag, content, encoded }: DerElement): string {
  if (tag === DerTag.BOOLEAN) return content[0] === 0 ? 'no' : 'yes';
  if (tag === DerTag.INTEGER) return String(new DerReader(encoded).integer(0xffff_ffff));
  if (tag === DerTag.ENUMERATED) return String(new DerReader(encoded).enumerated(255));
  return toHex(content);
}
