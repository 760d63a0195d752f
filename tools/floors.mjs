// Holds the layering of the workspace.
//
// A package says its floor in package.json (`enclos.floor`) and may import only packages on
// lower floors, only through their `exports`. Why a checker: an upward import compiles, works,
// and from then on the trusted code carries the untrusted along with it (or the reverse), which
// nobody sees in review. What is small and pure must stay so for the trusted base to be countable.
//
//   node tools/floors.mjs
//
// Rules:
//   1. every package under packages/, services/ and apps/ names its floor, and declares what it imports;
//   2. dependencies point to strictly lower floors. Tests of a floor may also use a package of the same
//      floor that says `"for": "tests"`;
//   3. imports stop at `exports`, and relative imports stay inside their package;
//   4. shipped code (src/, but for packages below tests/) does not import the test kit, nor a package that says
//      `"for": "tests"`;
//   5. the project references in tsconfig.json are the dependencies, and the root lists every project;
//   6. the table of rooms in docs/architecture.md lists these packages with these floors;
//   7. a package names only error codes that it or a package below it declares, each entry that needs a declaration
//      loads it, and bundlers keep it. Errors that a program does not load would have no kind and no advice;
//   8. src/ has at most 20 files a folder and 6,000 lines (larger packages are named in floors/shape.mjs), no folders that
//      import each other, over however many others, and no circle of imports, not even of types;
//   9. each primitive has one owner (floors/owners.mjs);
//  10. types are nouns (floors/nouns.mjs).
import { resolve } from 'node:path';
import { checkFloors } from './floors/rules.mjs';
import { root } from './lib/workspace.mjs';

const base = resolve(process.argv[2] ?? root);
const { problems, packages, imports } = checkFloors(base);
for (const { where, what, fix } of problems) console.log(`${where}: ${what}\n    fix: ${fix}`);
console.log(`floors: ${packages} packages, ${imports} imports, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
