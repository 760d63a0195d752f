// What the programs of this repository begin with. No build makes this file, and it imports nothing: it has to run before
// a build, and on a Node that is too old for everything else.

/** The `engines` of every package. */
const oldest = [20, 19];

/**
 * @param {string} program what people call it
 * @returns {string | undefined} a sentence where this Node is too old
 */
export function nodeRefusal(program) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined;
  return `${program} needs Node ${oldest.join('.')} or later, and this is Node ${process.versions.node}.`;
}

/**
 * Runs the `main` of a compiled module. When it cannot be loaded, prints a sentence that says what to do: exit code 1.
 *
 * @param {string} program what people call it
 * @param {() => Promise<{ main: () => unknown }>} load imports the module
 */
export function startProgram(program, load) {
  const refusal = nodeRefusal(program);
  if (refusal !== undefined) return refuse(refusal);
  return load().then(
    (module) => module.main(),
    (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      const isPackage = error.message.startsWith('Cannot find package');
      refuse(
        `Enclos is not built yet: run ${isPackage ? '`npm ci && npm run build`' : '`npm run build`'} in its folder.`,
      );
    },
  );
}

function refuse(sentence) {
  console.error(sentence);
  process.exitCode = 1;
}
