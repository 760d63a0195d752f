import { findPemBlocks } from '@enclos/codec/pem';
import { decodeLatin1 } from '@enclos/codec/text';
import { mostPemBlocks } from '../recognise/text-forms.ts';
import { certificateGroup } from './certificate.ts';
import { fieldNodes, hexField, node, numberField, sizeOf, type ExplainNode, type Field } from './nodes.ts';

const ppidBytes: Readonly<Record<number, number>> = { 1: 16, 2: 256, 3: 384 };

/** What leads from a quote to its PCK certificate: the chain, or what it is looked up by. */
export function certificationNodes(
  data: Uint8Array,
  offset: number,
  { type, size }: { readonly type: number; readonly size: number },
): readonly ExplainNode[] {
  const missing =
    size > data.length ? [node('cut off', `${size - data.length} bytes of the certification data are missing`)] : [];
  if (type === 4 || type === 5) {
    const blocks = findPemBlocks(decodeLatin1(data), mostPemBlocks);
    const chain = blocks.map(({ bytes }) => certificateGroup(bytes));
    return [...(chain.length === 0 ? [node('PCK certificate chain', 'none that can be read')] : chain), ...missing];
  }
  const ppid = ppidBytes[type];
  return ppid === undefined ? missing : [...lookupNodes(data, offset, ppid), ...missing];
}

function lookupNodes(data: Uint8Array, offset: number, ppid: number): readonly ExplainNode[] {
  const fields: readonly Field[] = [
    hexField('PPID', ppid, 'identifies the machine'),
    hexField('CPUSVN', 16),
    numberField('PCESVN', 2),
    hexField('PCEID', 2),
  ];
  return fieldNodes(data.subarray(0, sizeOf(fields)), 0, fields).map((found) =>
    found.offset === undefined ? found : { ...found, offset: found.offset + offset },
  );
}
