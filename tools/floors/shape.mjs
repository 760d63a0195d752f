// What one look at the tree should show: small folders, packages of a size that one person can hold, and no circle.
import { relative } from 'node:path';

const maxFilesInFolder = 20;
const maxPackageLines = 6000;

/** Packages that may be larger, each with a bound of its own: split one before you raise its bound. */
const largerPackages = {
  '@enclos/cli': 14_000,
  '@enclos/attestation': 10_000,
  '@enclos/attestation-service': 7000,
  '@enclos/software-sgx': 8500,
};

function sizeProblems({ name, folder }, sources) {
  const bound = largerPackages[name] ?? maxPackageLines;
  const lines = sources.reduce((sum, source) => sum + source.lines, 0);
  if (lines <= bound) return [];
  return [
    { where: folder, what: `src/ has ${lines} lines, at most ${bound}`, fix: 'move a part that stands alone out' },
  ];
}

function folderProblems({ folder }, sources) {
  const counts = new Map();
  for (const { folder: within } of sources) counts.set(within, (counts.get(within) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > maxFilesInFolder)
    .map(([within, count]) => ({
      where: `${folder}/src/${within}`.replace(/\/$/, ''),
      what: `${count} files, at most ${maxFilesInFolder}`,
      fix: 'group them in folders by concern',
    }));
}

const contains = (outer, inner) => outer === '' || inner.startsWith(`${outer}/`);

/**
 * Folders that import each other are one folder in disguise. A folder and one inside it are left
 * out: an index names what is below it, and shared types stand above.
 */
function mutualFolderProblems({ folder }, sources) {
  const folderOf = new Map(sources.map((source) => [source.path, source.folder]));
  const pairs = new Map();
  for (const { path, folder: from, imports } of sources) {
    for (const target of imports) {
      const to = folderOf.get(target);
      if (to === undefined || to === from || contains(from, to) || contains(to, from)) continue;
      const key = `${from} -> ${to}`;
      if (!pairs.has(key)) pairs.set(key, { from, to, path });
    }
  }
  return [...pairs.values()]
    .filter(({ from, to }) => from < to && pairs.has(`${to} -> ${from}`))
    .map(({ from, to, path }) => {
      const back = pairs.get(`${to} -> ${from}`).path.split('/').at(-1);
      return {
        where: `${folder}/src`,
        what: `${from}/ and ${to}/ import each other (${path.split('/').at(-1)}, ${back})`,
        fix: 'move what both need below them',
      };
    });
}

/** The strongly connected sets of files (Tarjan, 1972), types included: a circle of types cannot be read in order either. */
function circlesOf(sources) {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const state = new Map();
  const stack = [];
  const circles = [];
  const visit = (path) => {
    const own = { index: state.size, low: state.size, onStack: true };
    state.set(path, own);
    stack.push(path);
    for (const target of byPath.get(path).imports) {
      if (!byPath.has(target)) continue;
      const known = state.get(target);
      if (known === undefined) own.low = Math.min(own.low, visit(target).low);
      else if (known.onStack) own.low = Math.min(own.low, known.index);
    }
    if (own.low !== own.index) return own;
    const circle = stack.splice(stack.indexOf(path));
    for (const member of circle) state.get(member).onStack = false;
    if (circle.length > 1) circles.push(circle);
    return own;
  };
  for (const { path } of sources) if (!state.has(path)) visit(path);
  return circles;
}

function circleProblems({ folder, path: base }, sources) {
  return circlesOf(sources).map((circle) => ({
    where: folder,
    what: `a circle of imports: ${circle.map((path) => relative(base, path)).join(', ')}`,
    fix: 'put the types that they share into a file below them',
  }));
}

/** Problems in the shape of one package. */
export function shapeProblems(workspace, sources) {
  return [sizeProblems, folderProblems, mutualFolderProblems, circleProblems].flatMap((rule) =>
    rule(workspace, sources),
  );
}
