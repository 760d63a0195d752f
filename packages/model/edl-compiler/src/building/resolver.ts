import type { CType, Length } from '../model/model.ts';
import type { BaseType, Dimension, TypeName } from '../syntax/tree.ts';
import { type Variable, isInteger } from '../resolution/variable.ts';
import type { TypeTable } from '../resolution/type-table.ts';

/** Types of the tree as types of the model, and the names that are left to C headers. */
export class TypeResolver {
  readonly #types: TypeTable;
  readonly #values: ReadonlyMap<string, number | undefined>;
  readonly #foreign = new Set<string>();

  constructor(types: TypeTable, values: ReadonlyMap<string, number | undefined>) {
    this.#types = types;
    this.#values = values;
  }

  get foreign(): readonly string[] {
    return [...this.#foreign];
  }

  typeOf({ base, pointers, isConst }: TypeName): CType {
    let type = this.baseOf(base);
    for (let level = 0; level < pointers; level++) {
      type = { kind: 'pointer', to: type, isConst: isConst && level === 0 };
    }
    return type;
  }

  /** With the dimensions. */
  declaredType({ declaration, type }: Variable): CType {
    return this.lengthsOf(declaration.dimensions).reduceRight<CType>(
      (of, length) => ({ kind: 'array', of, length }),
      this.typeOf(type),
    );
  }

  baseOf(base: BaseType): CType {
    if (base.kind === 'basic') return { kind: 'basic', name: base.name };
    const name = base.name.text;
    const composite = this.#types.compositeOf(base);
    if (composite !== undefined) return { kind: composite.item.kind, name };
    if (this.#types.isEnum(name) && (base.kind === 'enum' || base.kind === 'named')) return { kind: 'enum', name };
    return this.foreignType(base.kind === 'named' ? name : `${base.kind} ${name}`);
  }

  foreignType(name: string): CType {
    this.#foreign.add(name);
    return { kind: 'foreign', name };
  }

  lengthsOf(dimensions: readonly Dimension[]): readonly Length[] {
    return dimensions.flatMap(({ value }): Length[] => {
      if (value === undefined) return [];
      if (isInteger(value)) return [Number(value.value)];
      const known = this.#values.get(value.text);
      if (known === undefined) this.#foreign.add(value.text);
      return [known ?? value.text];
    });
  }
}
