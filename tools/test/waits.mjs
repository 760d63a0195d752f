// Finds waits of a fixed time in tests. A test that waits for a time, and not for what it needs, is slow on a fast machine
// and fails on a slow one. A wait in a `while` or `for (;;)` loop polls a condition, which is how to wait.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { filesUnder, fromRoot, workspaces } from '../lib/workspace.mjs';

const isFunction = ({ type }) => /Function/.test(type);
const isLoop = ({ type }) => ['WhileStatement', 'DoWhileStatement', 'ForStatement'].includes(type);

/** Below what names `setTimeout` of node:timers/promises goes in a file. */
function sleepNames(program) {
  const imports = program.body.filter(
    ({ type, source }) => type === 'ImportDeclaration' && source.value === 'node:timers/promises',
  );
  const names = imports
    .flatMap(({ specifiers }) => specifiers)
    .filter(({ imported }) => imported?.name === 'setTimeout')
    .map(({ local }) => local.name);
  return new Set(names);
}

/** `new Promise((resolve) => setTimeout(resolve, ms))`, in whatever words. */
const isTimerPromise = (node, text) =>
  node.type === 'NewExpression' &&
  node.callee.name === 'Promise' &&
  /^new Promise(?:<\w+>)?\(\((\w+)\) => setTimeout\((?:\1|\(\) => \1\(.*\)), /.test(text.slice(node.start, node.end));

/** @returns the lines of a test file at which it waits for a fixed time */
export function fixedWaits(file, text) {
  const { program } = parseSync(file, text);
  const sleeps = sleepNames(program);
  const lines = [];
  const visit = (node, polls) => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each, polls);
      return;
    }
    if (typeof node?.type !== 'string') return;
    const awaited = node.type === 'AwaitExpression' ? node.argument : undefined;
    const sleeping = awaited?.type === 'CallExpression' && sleeps.has(awaited.callee.name);
    if (!polls && awaited !== undefined && (sleeping || isTimerPromise(awaited, text))) {
      lines.push(text.slice(0, node.start).split('\n').length);
    }
    const within = isFunction(node) ? false : polls || isLoop(node);
    for (const value of Object.values(node)) if (typeof value === 'object') visit(value, within);
  };
  visit(program.body, false);
  return lines;
}

/** How many fixed waits each test file has that has any: `{ path: count }`. */
export function waitsOfTests() {
  const entries = workspaces().flatMap(({ path }) =>
    filesUnder(join(path, 'test'), (file) => file.endsWith('.ts')).map((file) => {
      const text = readFileSync(file, 'utf8');
      return [fromRoot(file), text.includes('setTimeout') ? fixedWaits(file, text).length : 0];
    }),
  );
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}
