/** @returns a sentence where this Node is too old for `program`, which is what people call it */
export function nodeRefusal(program: string): string | undefined;

/**
 * Runs the `main` of a compiled module. When it cannot be loaded, prints a sentence that says what to do: exit code 1.
 * @param program what people call it
 * @param load imports the module
 */
export function startProgram(program: string, load: () => Promise<{ main: () => unknown }>): Promise<void>;
