import type { Findings } from '../findings/findings.ts';
import { typeRules as rules } from '../rules/types.ts';
import type { LoadedEdl } from '../loading/loaded.ts';
import type { BaseType, CompositeItem, EnumItem } from '../syntax/tree.ts';
import { type Variable, variableOf } from './variable.ts';

export interface CompositeEntry {
  readonly item: CompositeItem;
  readonly name: string;
  readonly members: readonly Variable[];
  /** Whether a pointer among its members has a size or a count. */
  readonly isDeep: boolean;
}

/** The types that a file and its imports define, by name. Structures, unions and enumerations share their names, as in Open Enclave. */
export class TypeTable {
  readonly #composites = new Map<string, CompositeEntry>();
  readonly #enums = new Map<string, EnumItem>();
  readonly enums: EnumItem[] = [];

  constructor(loaded: LoadedEdl, findings: Findings) {
    let anonymous = 0;
    for (const file of loaded.files.values()) {
      for (const item of file.items) {
        if (item.kind !== 'enum' && item.kind !== 'struct' && item.kind !== 'union') continue;
        if (item.name === undefined) {
          anonymous++;
          if (anonymous > 1) findings.report(rules.secondAnonymousEnum, item.at);
        } else if (this.#composites.has(item.name.text) || this.#enums.has(item.name.text)) {
          findings.report(rules.duplicateType, item.name.at, [item.name.text, item.kind]);
          continue;
        }
        this.#add(item);
      }
    }
  }

  #add(item: CompositeItem | EnumItem): void {
    if (item.kind === 'enum') {
      this.enums.push(item);
      if (item.name !== undefined) this.#enums.set(item.name.text, item);
      return;
    }
    const members = item.members.map(variableOf);
    const isDeep =
      item.kind === 'struct' &&
      members.some(({ isPointer, attributes }) => isPointer && (attributes.has('size') || attributes.has('count')));
    this.#composites.set(item.name.text, { item, name: item.name.text, members, isDeep });
  }

  composites(): Iterable<CompositeEntry> {
    return this.#composites.values();
  }

  composite(name: string): CompositeEntry | undefined {
    return this.#composites.get(name);
  }

  isEnum(name: string): boolean {
    return this.#enums.has(name);
  }

  /** The structure or union that a type names, with or without its keyword. */
  compositeOf(base: BaseType): CompositeEntry | undefined {
    if (base.kind === 'basic' || base.kind === 'enum') return undefined;
    const found = this.#composites.get(base.name.text);
    return base.kind === 'named' || found?.item.kind === base.kind ? found : undefined;
  }
}
