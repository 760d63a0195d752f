// What a package exports, read from its declaration files (.d.ts), which are what its users get.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';

const files = new Map();

function parseDeclarations(path) {
  if (!files.has(path)) {
    const text = readFileSync(path, 'utf8');
    const { program, comments } = parseSync(path, text);
    files.set(path, { path, text, program, comments });
  }
  return files.get(path);
}

const declarationFile = (from, specifier) => join(dirname(from), specifier).replace(/\.(?:js|ts)$/, '.d.ts');

const namesOf = (declaration) =>
  declaration.type === 'VariableDeclaration'
    ? declaration.declarations.map(({ id }) => id.name)
    : [declaration.id?.name].filter((name) => name !== undefined);

/** The comment that ends right before `start`, without its marks. */
function documentationAt({ text, comments }, start) {
  const comment = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '');
  if (comment === undefined || comment.type !== 'Block' || !comment.value.startsWith('*')) return '';
  return comment.value
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}

/** The declarations of a file by local name: overloads of a function are one entry. */
function declarationsIn(file) {
  const found = new Map();
  for (const node of file.program.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration === null || declaration === undefined) continue;
    for (const name of namesOf(declaration)) {
      const known = found.get(name) ?? { name, documentation: '', signatures: [] };
      known.documentation ||= documentationAt(file, node.start);
      known.signatures.push(file.text.slice(node.start, node.end));
      found.set(name, known);
    }
  }
  return found;
}

/**
 * The exports of an entry: `{ own: [{ name, documentation, signatures }], foreign: [{ name, from }] }`, in the order
 * in which the entry names them. Foreign are those that another package declares.
 */
export function exportsOf(entry) {
  const own = new Map();
  const foreign = new Map();
  const visit = (path, wanted) => {
    const file = parseDeclarations(path);
    const local = declarationsIn(file);
    const imported = new Map();
    const add = (name, as) => {
      const declaration = local.get(name);
      if (declaration !== undefined) own.set(as, { ...declaration, name: as });
      else if (imported.has(name)) follow(imported.get(name).from, [[imported.get(name).name, as]]);
    };
    const follow = (from, names) => {
      if (!from.startsWith('.')) for (const [, as] of names ?? []) foreign.set(as, { name: as, from });
      else visit(declarationFile(path, from), names);
    };
    for (const node of file.program.body) {
      if (node.type !== 'ImportDeclaration') continue;
      for (const { local: id, imported: from } of node.specifiers) {
        if (from !== undefined) imported.set(id.name, { name: from.name, from: node.source.value });
      }
    }
    if (wanted !== undefined) {
      for (const [name, as] of wanted) addWanted(name, as);
      return;
    }
    for (const node of file.program.body) exportNode(node);

    function addWanted(name, as) {
      const before = own.size + foreign.size;
      add(name, as);
      if (own.size + foreign.size > before || own.has(as)) return;
      for (const node of file.program.body) {
        if (node.type === 'ExportAllDeclaration') follow(node.source.value, [[name, as]]);
        if (node.type !== 'ExportNamedDeclaration' || node.source === null) continue;
        const specifier = node.specifiers.find(({ exported }) => exported.name === name);
        if (specifier !== undefined) follow(node.source.value, [[specifier.local.name, as]]);
      }
    }
    function exportNode(node) {
      if (node.type === 'ExportAllDeclaration') follow(node.source.value);
      if (node.type !== 'ExportNamedDeclaration') return;
      if (node.declaration) for (const name of namesOf(node.declaration)) add(name, name);
      for (const { local: from, exported } of node.specifiers) {
        if (node.source === null) add(from.name, exported.name);
        else follow(node.source.value, [[from.name, exported.name]]);
      }
    }
  };
  visit(entry);
  return { own: [...own.values()], foreign: [...foreign.values()] };
}
