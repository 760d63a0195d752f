import type { LoadedEdl } from '../loading/loaded.ts';
import type { CompositeModel, EdlModel, EnumModel, FunctionModel, MemberModel } from '../model/model.ts';
import type { DialectChoice } from '../source/dialect.ts';
import type { FunctionDeclaration } from '../syntax/tree.ts';
import type { Variable } from '../resolution/variable.ts';
import type { FunctionLists } from '../resolution/imports.ts';
import { enclaveNameOf } from '../resolution/name.ts';
import { extentOf, passingOf } from './passing.ts';
import { TypeResolver } from './resolver.ts';
import type { CompositeEntry, TypeTable } from '../resolution/type-table.ts';

interface ModelParts {
  readonly loaded: LoadedEdl;
  readonly dialect: DialectChoice;
  readonly types: TypeTable;
  readonly composites: readonly CompositeEntry[];
  readonly enums: { readonly models: readonly EnumModel[]; readonly values: ReadonlyMap<string, number | undefined> };
  readonly lists: FunctionLists;
  readonly parameters: ReadonlyMap<FunctionDeclaration, readonly Variable[]>;
}

/** The model of files in which nothing is wrong. */
export function modelOf({ loaded, dialect, types, composites, enums, lists, parameters }: ModelParts): EdlModel {
  const resolver = new TypeResolver(types, enums.values);
  const functionOf = (declaration: FunctionDeclaration): FunctionModel => ({
    name: declaration.name.text,
    returns: resolver.typeOf(declaration.returns),
    parameters: (parameters.get(declaration) ?? []).map((parameter) => ({
      name: parameter.name.text,
      type: resolver.declaredType(parameter),
      passing: passingOf(parameter, resolver),
    })),
    isSwitchless: declaration.suffixes.some(({ text }) => text === 'transition_using_threads'),
  });
  const indexes = new Map(lists.trusted.map(({ name }, index) => [name.text, index]));
  const compositeModels = composites.map((entry) => compositeModel(entry, resolver));
  const ecalls = lists.trusted.map((each) => ({ ...functionOf(each), isPublic: each.access?.text === 'public' }));
  const ocalls = lists.untrusted.map((each) => ({
    ...functionOf(each),
    // Open Enclave ignores what is allowed, and every function there is public.
    allows: dialect === 'oe' ? [] : allowedIndexes(each, indexes),
    propagatesErrno: each.suffixes.some(({ text }) => text === 'propagate_errno'),
  }));
  return frozen({
    name: enclaveNameOf(loaded.root.source.path),
    dialect,
    includes: includesOf(loaded),
    enums: enums.models,
    composites: compositeModels,
    ecalls,
    ocalls,
    foreign: resolver.foreign,
  });
}

function compositeModel({ item, name, members, isDeep }: CompositeEntry, resolver: TypeResolver): CompositeModel {
  return {
    kind: item.kind,
    name,
    members: members.map((member): MemberModel => {
      const extent = extentOf(member, resolver);
      const isFollowed = member.isPointer && (extent.size !== undefined || extent.count !== undefined);
      return { name: member.name.text, type: resolver.declaredType(member), ...(isFollowed ? { extent } : {}) };
    }),
    isDeep,
  };
}

function allowedIndexes({ allow }: FunctionDeclaration, indexes: ReadonlyMap<string, number>): readonly number[] {
  const found = (allow?.names ?? []).flatMap(({ text }) => indexes.get(text) ?? []);
  return [...new Set(found)].toSorted((left, right) => left - right);
}

function includesOf(loaded: LoadedEdl): readonly string[] {
  const headers = new Set<string>();
  for (const file of loaded.files.values()) {
    for (const item of file.items) {
      if (item.kind === 'include') headers.add(item.header.text);
      else if (item.kind === 'trusted' || item.kind === 'untrusted') {
        for (const { header } of item.includes) headers.add(header.text);
      }
    }
  }
  return [...headers];
}

/** A model is shared by layouts, codecs and generators, and none of them may change it. */
function frozen<T extends object>(value: T): T {
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    Object.freeze(next);
    const parts: readonly unknown[] = Object.values(next);
    for (const each of parts) {
      if (typeof each === 'object' && each !== null && !Object.isFrozen(each)) open.push(each);
    }
  }
  return value;
}
