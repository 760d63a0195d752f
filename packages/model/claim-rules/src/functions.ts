/** The parameters of a function: for each argument whether it may be a set, so that a name stands for all its claims. */
export interface Signature {
  readonly arguments: readonly ('single' | 'set')[];
}

/** The functions of version 1.2. */
export const functionSignatures = Object.freeze({
  JmesPath: { arguments: ['single', 'single'] },
  JsonToClaimValue: { arguments: ['single'] },
  IsSubsetOf: { arguments: ['set', 'set'] },
  AppendString: { arguments: ['single', 'single'] },
  NegateBool: { arguments: ['single'] },
  ContainsOnlyValue: { arguments: ['set', 'single'] },
} as const satisfies Readonly<Record<string, Signature>>);

export type FunctionName = keyof typeof functionSignatures;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functionSignatures, name);
}

/** Whether the argument at `index` may be a set, for a call for which {@link isFunctionName} holds. */
export function takesSet(name: string, index: number): boolean {
  return isFunctionName(name) && functionSignatures[name].arguments[index] === 'set';
}
