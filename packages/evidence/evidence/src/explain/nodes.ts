import { toHex } from '@enclos/codec';

/** One line of an explanation, and what is under it. Plain data, for text and JSON alike. */
export interface ExplainNode {
  readonly label: string;
  readonly value?: string;
  /** What it means, or what to keep in mind. */
  readonly note?: string;
  /** Where it begins in the evidence that it belongs to, in bytes. */
  readonly offset?: number;
  readonly sizeBytes?: number;
  /** The bytes end here, or are not what the format has here. */
  readonly problem?: true;
  readonly children?: readonly ExplainNode[];
}

/** What a value says, and what that means. */
export interface ShownValue {
  readonly value?: string;
  readonly note?: string;
  readonly children?: readonly ExplainNode[];
}

/** One field of a structure: they follow each other without gaps. */
export interface Field {
  readonly label: string;
  readonly sizeBytes: number;
  readonly show: (bytes: Uint8Array) => ShownValue;
}

export function node(label: string, value?: string | number, note?: string): ExplainNode {
  return {
    label,
    ...(value === undefined ? {} : { value: String(value) }),
    ...(note === undefined ? {} : { note }),
  };
}

export function group(label: string, children: readonly ExplainNode[], note?: string): ExplainNode {
  return { ...node(label, undefined, note), children };
}

/** The whole structure. */
export function sizeOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * The fields of the bytes from `start` on, as far as there are bytes: of a
 * structure that is cut off, a last node says which field is missing.
 */
export function fieldNodes(bytes: Uint8Array, start: number, fields: readonly Field[]): readonly ExplainNode[] {
  const nodes: ExplainNode[] = [];
  let offset = start;
  for (const { label, sizeBytes, show } of fields) {
    const left = bytes.length - offset;
    if (left < sizeBytes) {
      nodes.push(cutOff(label, sizeBytes, Math.max(0, left)));
      break;
    }
    nodes.push({ label, offset, sizeBytes, ...show(bytes.subarray(offset, offset + sizeBytes)) });
    offset += sizeBytes;
  }
  return nodes;
}

function cutOff(label: string, sizeBytes: number, left: number): ExplainNode {
  const words = `${label} has ${sizeBytes} bytes, and ${left} are left`;
  return { ...node('cut off', words, 'what follows is missing'), problem: true };
}

export function hexField(label: string, sizeBytes: number, note?: string): Field {
  return { label, sizeBytes, show: (bytes) => ({ value: toHex(bytes), ...(note === undefined ? {} : { note }) }) };
}

/** Little-endian, of 1 to 4 bytes. */
export function numberField(label: string, sizeBytes: 1 | 2 | 4, note?: (value: number) => string | undefined): Field {
  return {
    label,
    sizeBytes,
    show(bytes) {
      const value = readNumber(bytes);
      const words = note?.(value);
      return { value: String(value), ...(words === undefined ? {} : { note: words }) };
    },
  };
}

function readNumber(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
