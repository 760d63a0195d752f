import type { DescribedRecord, DescribedType, Member } from './description.ts';
import { GoNames, goName } from './names.ts';
import { sizesOf } from './sizes.ts';

const goTypes = {
  boolean: ['bool', 'Bool'],
  uint8: ['uint8', 'Uint8'],
  uint16: ['uint16', 'Uint16'],
  uint32: ['uint32', 'Uint32'],
  uint64: ['uint64', 'Uint64'],
  int8: ['int8', 'Int8'],
  int16: ['int16', 'Int16'],
  int32: ['int32', 'Int32'],
  int64: ['int64', 'Int64'],
  float64: ['float64', 'Float64'],
} as const;

/** A type in Go: its name, an expression that reads it from `r`, and a statement that writes `v` to `w`. */
export interface GoType {
  readonly name: string;
  readonly read: string;
  readonly write: (value: string) => string;
}

/** The types of one generated file: records, unions and enumerations get names, each once. */
export class GoTypes {
  readonly names = new GoNames();
  readonly declarations: string[] = [];
  usesBig = false;
  readonly #known = new Map<string, GoType>();

  /** @param name what a type is called that needs a name and has none yet. */
  type(type: DescribedType, name: string): GoType {
    switch (type.kind) {
      case 'nothing':
        return { name: 'struct{}', read: 'struct{}{}', write: () => '' };
      case 'bigint':
        this.usesBig = true;
        return { name: '*big.Int', read: `r.BigInt(${type.max})`, write: (v) => `w.BigInt(${v}, ${type.max})` };
      case 'string':
        return simple('string', 'String', `${type.min}, ${type.max}`);
      case 'bytes':
        return simple('[]byte', 'Bytes', `${type.min}, ${type.max}`);
      case 'exact':
        return simple('[]byte', 'Exact', String(type.count));
      case 'array':
        return this.#array(type, name);
      case 'option':
        return this.#option(type.some, name);
      case 'record':
      case 'union':
      case 'enumeration':
        return this.#named(type, name);
      default: {
        const [own, method] = goTypes[type.kind];
        return simple(own, method, '');
      }
    }
  }

  #array(type: DescribedType & { readonly kind: 'array' }, name: string): GoType {
    const item = this.type(type.item, `${name}Item`);
    const bounds = `${type.min}, ${type.max}`;
    return {
      name: `[]${item.name}`,
      read: `edl.ReadArray(r, ${bounds}, ${sizesOf(type.item).min}, ${reader(item)})`,
      write: (v) => `edl.WriteArray(w, ${v}, ${bounds}, ${writer(item)})`,
    };
  }

  #option(some: DescribedType, name: string): GoType {
    const type = this.type(some, name);
    return {
      name: `*${type.name}`,
      read: `edl.ReadOption(r, ${reader(type)})`,
      write: (v) => `edl.WriteOption(w, ${v}, ${writer(type)})`,
    };
  }

  #named(type: DescribedType & { readonly kind: 'record' | 'union' | 'enumeration' }, wanted: string): GoType {
    const key = JSON.stringify(type);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.names.take(wanted);
    const made = { name, read: `read${name}(r)`, write: (v: string) => `write${name}(w, ${v})` };
    this.#known.set(key, made);
    const at = this.declarations.push('') - 1;
    this.declarations[at] =
      type.kind === 'record'
        ? this.record(name, type, '')
        : type.kind === 'union'
          ? this.#union(name, type)
          : this.#enumeration(name, type.labels);
    return made;
  }

  /** @param method what makes it a variant of a union. */
  record(name: string, { fields }: DescribedRecord, method: string): string {
    const names = new GoNames();
    const members = fields.map((field) => this.#field(field, names.take(goName(field.name)), name));
    // As gofmt aligns them.
    const width = Math.max(0, ...members.map(({ member }) => member.length));
    return [
      `type ${name} struct {`,
      ...members.map(({ member, type }) => `\t${member.padEnd(width)} ${type.name}`),
      '}',
      method,
      `func read${name}(r *edl.Reader) (v ${name}) {`,
      ...members.map(({ member, field, type }) => within('r', field, `v.${member} = ${type.read}`)),
      '\treturn v',
      '}',
      '',
      `func write${name}(w *edl.Writer, v ${name}) {`,
      ...members.map(({ member, field, type }) => within('w', field, type.write(`v.${member}`))),
      '}',
      '',
    ].join('\n');
  }

  #field(field: Member<DescribedType>, member: string, owner: string) {
    return { member, field: field.name, type: this.type(field.type, owner + member) };
  }

  #union(name: string, { variants }: DescribedType & { readonly kind: 'union' }): string {
    const made = variants.map((variant) => {
      const type = this.names.take(name + goName(variant.name));
      const declaration = this.record(type, variant.type, `\nfunc (${type}) is${name}() {}\n`);
      return { type, declaration };
    });
    const count = variants.length;
    return [
      `// ${name} is one of ${made.map(({ type }) => type).join(', ')}.`,
      `type ${name} interface{ is${name}() }`,
      '',
      ...made.map(({ declaration }) => declaration),
      `func read${name}(r *edl.Reader) ${name} {`,
      `\tswitch r.Choice(${count}) {`,
      ...made.slice(1).flatMap(({ type }, i) => [`\tcase ${i + 1}:`, `\t\treturn read${type}(r)`]),
      '\t}',
      `\treturn read${made[0]?.type}(r)`,
      '}',
      '',
      `func write${name}(w *edl.Writer, value ${name}) {`,
      '\tswitch v := value.(type) {',
      ...made.flatMap(({ type }, i) => [`\tcase ${type}:`, `\t\tw.Choice(${i}, ${count})`, `\t\twrite${type}(w, v)`]),
      '\tdefault:',
      `\t\tw.Refuse("not one of ${variants.map((variant) => variant.name).join(', ')}")`,
      '\t}',
      '}',
      '',
    ].join('\n');
  }

  #enumeration(name: string, labels: readonly string[]): string {
    const constants = labels.map((label) => this.names.take(name + goName(label)));
    return [
      `// ${name} is one word of ${labels.length}.`,
      `type ${name} int`,
      '',
      'const (',
      ...constants.map((constant, i) => (i === 0 ? `\t${constant} ${name} = iota` : `\t${constant}`)),
      ')',
      '',
      '// String is the word.',
      `func (v ${name}) String() string {`,
      `\twords := [...]string{${labels.map((label) => JSON.stringify(label)).join(', ')}}`,
      '\tif v < 0 || int(v) >= len(words) {',
      '\t\treturn "unknown"',
      '\t}',
      '\treturn words[v]',
      '}',
      '',
      `func read${name}(r *edl.Reader) ${name} {`,
      `\treturn ${name}(r.Choice(${labels.length}))`,
      '}',
      '',
      `func write${name}(w *edl.Writer, v ${name}) {`,
      `\tw.Choice(int(v), ${labels.length})`,
      '}',
      '',
    ].join('\n');
  }
}

function simple(name: string, method: string, bounds: string): GoType {
  return {
    name,
    read: `r.${method}(${bounds})`,
    write: (v) => `w.${method}(${bounds === '' ? v : `${v}, ${bounds}`})`,
  };
}

function reader(type: GoType): string {
  const named = /^(read\w+)\(r\)$/.exec(type.read)?.[1];
  return named ?? `func(r *edl.Reader) ${type.name} { return ${type.read} }`;
}

function writer(type: GoType): string {
  const written = type.write('v');
  const named = /^(write\w+)\(w, v\)$/.exec(written)?.[1];
  return named ?? `func(w *edl.Writer, v ${type.name}) { ${written} }`;
}

/** A statement within a field, so that an error says which. */
function within(side: 'r' | 'w', field: string, statement: string): string {
  return `\t${side}.Enter(".${field}")\n\t${statement}\n\t${side}.Leave()`;
}
