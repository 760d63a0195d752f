// What one look at the tree should show: small folders, packages of a size that one person can hold, and no circle.
import { basename, relative } from 'node:path';

const maxFilesInFolder = 20;
const maxPackageLines = 6000;

/** Packages that may be larger, each with a bound of its own: split one before you raise its bound. */
const largerPackages = {
  '@enclos/cli': 9000,
  '@enclos/attestation': 10_100,
  '@enclos/attestation-service': 7000,
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

/** Folders that share types with one inside them. Elsewhere a folder and one inside it are held apart like any two. */
const nestedTogether = new Set([
  '@enclos/attestation: client',
  '@enclos/console: page',
  '@enclos/kubernetes: lint',
  '@enclos/software-sgx: platform',
]);

/** The strongly connected sets of a graph (Tarjan, 1972): a map from each node to those that it leads to. */
function circlesOf(graph) {
  const state = new Map();
  const stack = [];
  const circles = [];
  const visit = (node) => {
    const own = { index: state.size, low: state.size, onStack: true };
    state.set(node, own);
    stack.push(node);
    for (const target of graph.get(node)) {
      const known = state.get(target);
      if (known === undefined) own.low = Math.min(own.low, visit(target).low);
      else if (known.onStack) own.low = Math.min(own.low, known.index);
    }
    if (own.low !== own.index) return own;
    const circle = stack.splice(stack.indexOf(node));
    for (const member of circle) state.get(member).onStack = false;
    if (circle.length > 1) circles.push(circle);
    return own;
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return circles;
}

/**
 * Folders that import each other, over however many others, are one folder in disguise. The root of src/ is left out: its
 * index names what is below it, and shared declarations stand there.
 */
function folderCircleProblems({ name, folder }, sources) {
  const folderOf = new Map(sources.map((source) => [source.path, source.folder]));
  /** By folder, the folders that it imports, each with a file that does. */
  const edges = new Map(sources.map((source) => [source.folder, new Map()]));
  const isApart = (from, to) => {
    const [outer, inner] = from.length < to.length ? [from, to] : [to, from];
    return outer !== '' && !(inner.startsWith(`${outer}/`) && nestedTogether.has(`${name}: ${outer}`));
  };
  for (const { path, folder: from, imports } of sources) {
    for (const target of imports) {
      const to = folderOf.get(target);
      if (to !== undefined && to !== from && isApart(from, to)) edges.get(from).set(to, path);
    }
  }
  const importerIn = (circle, from) => [...edges.get(from)].find(([to]) => circle.includes(to))[1];
  const graph = new Map([...edges].map(([from, targets]) => [from, [...targets.keys()]]));
  return circlesOf(graph).map((circle) => ({
    where: `${folder}/src`,
    what: `folders import each other: ${circle
      .toSorted(byName)
      .map((from) => `${from}/ (${basename(importerIn(circle, from))})`)
      .join(', ')}`,
    fix: 'move what they share below them',
  }));
}

const byName = (left, right) => (left < right ? -1 : 1);

/** Types included: a circle of types cannot be read in order either. */
function fileCircleProblems({ folder, path: base }, sources) {
  const paths = new Set(sources.map(({ path }) => path));
  const graph = new Map(sources.map(({ path, imports }) => [path, imports.filter((target) => paths.has(target))]));
  return circlesOf(graph).map((circle) => ({
    where: folder,
    what: `a circle of imports: ${circle.map((path) => relative(base, path)).join(', ')}`,
    fix: 'put the types that they share into a file below them',
  }));
}

/** Problems in the shape of one package. */
export function shapeProblems(workspace, sources) {
  return [sizeProblems, folderProblems, folderCircleProblems, fileCircleProblems].flatMap((rule) =>
    rule(workspace, sources),
  );
}
