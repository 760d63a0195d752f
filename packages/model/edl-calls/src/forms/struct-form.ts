import type { EdlObject, EdlValue } from '../arena/values.ts';
import { ownMember, type Spot, type ValueForm } from './form.ts';
import { refuse } from '../arena/refusal.ts';

/** What an object and a property of it take here, about. */
const OBJECT_BYTES = 64;

export interface StructMember {
  readonly name: string;
  readonly offset: number;
  /** Absent for a pointer that is followed: it is written and read with what it leads to. */
  readonly form?: ValueForm;
  /** Whether it may be left out: it is the size or count of another. */
  readonly isMeasure: boolean;
}

/** A structure of C as an object. */
export class StructForm implements ValueForm {
  readonly bytes: number;
  readonly cost: number;
  readonly members: readonly StructMember[];
  readonly #names: ReadonlySet<string>;

  constructor(bytes: number, members: readonly StructMember[]) {
    this.bytes = bytes;
    this.members = members;
    this.cost = members.reduce((sum, { form }) => sum + OBJECT_BYTES + (form?.cost ?? 0), OBJECT_BYTES);
    this.#names = new Set(members.map(({ name }) => name));
  }

  /** @throws EDL_VALUE_REFUSED when it is not an object with these members only */
  check(value: unknown, path: string): object {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Array.isArray(value)) {
      return refuse(path, 'not an object');
    }
    for (const name of Object.keys(value)) if (!this.#names.has(name)) refuse(path, `it has no member "${name}"`);
    return value;
  }

  /** Leaves pointers that are followed, and measures that are left out, as they stand. */
  write({ view, at, path }: Spot, value: unknown): void {
    const object = this.check(value, path);
    for (const { name, offset, form, isMeasure } of this.members) {
      const member = ownMember(object, name);
      if (form === undefined || (member === undefined && isMeasure)) continue;
      if (member === undefined) refuse(`${path}.${name}`, 'it is missing');
      form.write({ view, at: at + offset, path: `${path}.${name}` }, member);
    }
  }

  /** @param follow gives what a pointer that is followed leads to, in the order of the members */
  read({ view, at, path }: Spot, follow?: (name: string) => EdlValue): EdlObject {
    // Own properties, whatever the names are: `__proto__` is a name of C.
    return Object.fromEntries(
      this.members.map(({ name, offset, form }): [string, EdlValue] => [
        name,
        form?.read({ view, at: at + offset, path: `${path}.${name}` }) ?? follow?.(name) ?? null,
      ]),
    );
  }
}
