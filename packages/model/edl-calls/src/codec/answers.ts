import { viewOf } from '@enclos/codec';
import { refuse } from '../arena/refusal.ts';
import type { OcallAnswer } from '../arena/contract.ts';
import { ownMember } from '../forms/form.ts';
import { encodeText } from '../forms/text.ts';
import { elementPath, elementsOf } from './buffer-plan.ts';
import type { CallPlan, StringPlan } from './call-plan.ts';
import { measureAt } from './extent-plan.ts';
import type { ReadBuffer } from './pieces.ts';

/** Memory that an answer wrote over: the buffer, and those that it leads to, in the order of Open Enclave's pieces. */
export interface WrittenBuffer {
  readonly read: ReadBuffer;
  readonly bytes: Uint8Array;
}

/**
 * Writes an answer over a buffer as it was passed. What the answer does not say stays.
 *
 * @param value undefined or null leaves everything
 * @throws EDL_VALUE_REFUSED when it is longer than the buffer, or a size or count in it grew
 */
export function answerBuffer(read: ReadBuffer, value: unknown): readonly WrittenBuffer[] {
  const { buffer, path, count } = read;
  const bytes = read.bytes.slice();
  const written: WrittenBuffer[] = [{ read, bytes }];
  const given = value === undefined || value === null ? 0 : buffer.sequence.count(value, path);
  if (given > count) refuse(path, `${given} elements, but the enclave has room for ${count}`);
  const deep = buffer.deep();
  if (deep === undefined || read.children.length === 0) {
    if (given > 0) buffer.sequence.write({ view: viewOf(bytes), at: 0, path }, value);
    return written;
  }
  const elements = given === 0 ? [] : elementsOf(buffer, value);
  for (const [i, members] of read.children.entries()) {
    const element = elements[i];
    const spot = { view: viewOf(bytes), at: i * deep.struct.bytes, path: elementPath(buffer, path, i) };
    if (element !== undefined) {
      deep.struct.write(spot, element);
      for (const measure of deep.measures) {
        const before = measureAt(measure, { ...spot, view: viewOf(read.bytes) });
        if (measureAt(measure, spot) > before) {
          refuse(`${spot.path}.${measure.name}`, `more than the ${before} that were passed`);
        }
      }
    }
    for (const [m, child] of members.entries()) {
      const name = deep.members[m]?.buffer.name ?? '';
      const member = element === undefined ? undefined : ownMember(deep.struct.check(element, spot.path), name);
      if (child !== undefined) written.push(...answerBuffer(child, member));
      else if (member !== undefined && member !== null) refuse(`${spot.path}.${name}`, 'the enclave passed NULL');
    }
  }
  return written;
}

/** Writes an answer over a string as it was passed, and zeros after it. */
export function answerText({ path, isWide }: StringPlan, read: Uint8Array, value: unknown): Uint8Array {
  if (value === undefined || value === null) return read;
  const text = encodeText(value, isWide, path);
  if (text.length > read.length) refuse(path, `${text.length} bytes, but the enclave has room for ${read.length}`);
  const bytes = new Uint8Array(read.length);
  bytes.set(text);
  return bytes;
}

/** Writes the function's result and `errno` into the structure of the call. */
export function answerCall(plan: CallPlan, view: DataView, answer: OcallAnswer): void {
  const { name, returned, layout, parameters } = plan;
  if (returned !== undefined) {
    const path = `${name}.return`;
    if (answer.returned === undefined) refuse(path, 'it is missing');
    returned.form.write({ view, at: returned.offset, path }, answer.returned);
  }
  const errno = answer.errno ?? 0;
  if (!Number.isInteger(errno) || Math.abs(errno) >= 2 ** 31) refuse(`${name}.errno`, 'not an int');
  if (layout.errno !== undefined) view.setInt32(layout.errno.offset, errno, true);
  const outputs = new Set(
    parameters.flatMap((item) => ('direction' in item && item.direction !== 'in' ? [item.name] : [])),
  );
  for (const output of Object.keys(answer.outputs ?? {})) {
    if (!outputs.has(output)) refuse(name, `it has no output "${output}"`);
  }
}

export function answerOf(answer: OcallAnswer, name: string): unknown {
  return answer.outputs === undefined ? undefined : ownMember(answer.outputs, name);
}
