import { toHex } from '@enclos/codec';
import { grouped } from '@enclos/diagnostics';
import { Attribute, type Attributes } from '@enclos/sgx';

/** One line of what was found, and what is under it. Plain data, for text and JSON alike. */
export interface InspectNode {
  readonly label: string;
  readonly value?: string;
  /** Why it matters, or what to keep in mind. */
  readonly note?: string;
  readonly children?: readonly InspectNode[];
}

export type InspectKind = 'image' | 'sgxs' | 'sigstruct' | 'quote' | 'sealed-blob' | 'signing-key' | 'enclave-elf';

/** What a file is and what it says. Nothing in it has been verified unless a node says so. */
export interface InspectReport {
  readonly kind: InspectKind;
  readonly title: string;
  readonly nodes: readonly InspectNode[];
}

export function node(label: string, value?: string | number | bigint, note?: string): InspectNode {
  return Object.freeze({
    label,
    ...(value === undefined ? {} : { value: String(value) }),
    ...(note === undefined ? {} : { note }),
  });
}

export function group(label: string, children: readonly InspectNode[], note?: string): InspectNode {
  return Object.freeze({ ...node(label, undefined, note), children: Object.freeze([...children]) });
}

export function hexNode(label: string, bytes: Uint8Array, note?: string): InspectNode {
  return node(label, toHex(bytes), note);
}

/** `1,234 bytes`. Not by locale: the same file reads the same everywhere. */
export function byteCount(count: number | bigint): string {
  return `${grouped(count)} ${BigInt(count) === 1n ? 'byte' : 'bytes'}`;
}

/** `MODE64BIT KSS`, with bits that have no name here in hex. */
function attributeNames(flags: bigint): string {
  let rest = flags;
  const names: string[] = [];
  for (const [name, bit] of Object.entries(Attribute)) {
    if ((flags & bit) === 0n) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.length === 0 ? 'none' : names.join(' ');
}

export function attributesNode(label: string, attributes: Attributes, note?: string): InspectNode {
  return node(label, `${attributeNames(attributes.flags)}, XFRM 0x${attributes.xfrm.toString(16)}`, note);
}
