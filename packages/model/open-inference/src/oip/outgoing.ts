import { utf8 } from '@enclos/codec';
import type { Tensor } from '../tensors/tensor.ts';
import { binaryType, jsonType } from './media-type.ts';
import type { OutgoingBody } from './message.ts';
import { tensorJson } from './tensor-entry.ts';

/** Tensors in binary begin at a multiple of this, so that the other side can view the first one without a copy. */
const alignment = 8;

interface MessageContent {
  readonly members: object;
  readonly name: 'inputs' | 'outputs';
  readonly tensors: readonly Tensor[];
  readonly isBinary: (tensor: Tensor) => boolean;
}

/** A body with its tensors in JSON, or in binary after the JSON, in the same order. */
export function outgoingBody({ members, name, tensors, isBinary }: MessageContent): OutgoingBody {
  const binary = tensors.filter(isBinary);
  const entries = tensors.map((tensor, index) =>
    tensorJson(tensor, { at: `${name}[${index}]`, isBinary: isBinary(tensor) }),
  );
  const head = JSON.stringify(members).slice(0, -1);
  const json = utf8(`${head}${head === '{' ? '' : ','}"${name}":[${entries.join()}]}`);
  if (binary.length === 0) {
    return { contentType: jsonType, headerLength: undefined, parts: [json], sizeBytes: json.length };
  }
  const padding = new Uint8Array(-json.length & (alignment - 1)).fill(0x20);
  const parts = [json, padding, ...binary.map(({ data }) => data)];
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return { contentType: binaryType, headerLength: json.length + padding.length, parts, sizeBytes };
}
