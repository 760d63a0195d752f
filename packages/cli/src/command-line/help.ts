import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import type { RegistryEntry } from '../registry.ts';
import type { Printer } from './printer.ts';
import { commonOptions, optionUsage, usageLine } from './usage.ts';

/** `enclos help`: every command by category. */
export function renderOverview(entries: readonly RegistryEntry[], printer: Printer): void {
  printer.line('Enclave-aware containers in TypeScript.');
  printer.line();
  printer.line('Usage: enclos COMMAND [OPTIONS]');
  const width = Math.max(...entries.map(({ name }) => name.join(' ').length));
  for (const category of new Set(entries.map((entry) => entry.category))) {
    printer.line();
    printer.line(printer.paint('bold', category));
    for (const { name, summary } of entries.filter((entry) => entry.category === category)) {
      printer.line(`  ${printer.paint('cyan', name.join(' ').padEnd(width))}  ${summary}`);
    }
  }
  printer.line();
  printer.line('`enclos help COMMAND` shows one command, `enclos --version` the version.');
}

/** `enclos help platform`: the commands of a group. */
export function renderGroup(word: string, entries: readonly RegistryEntry[], printer: Printer): void {
  printer.line(`Usage: enclos ${word} COMMAND [OPTIONS]`);
  printer.line();
  const width = Math.max(...entries.map(({ name }) => name.join(' ').length));
  for (const { name, summary } of entries) {
    printer.line(`  ${printer.paint('cyan', name.join(' ').padEnd(width))}  ${summary}`);
  }
}

type Row = readonly [left: string, right: string];

/** `enclos help build`: everything about one command. */
export function renderHelp(entry: RegistryEntry, command: Command, printer: Printer): void {
  const name = entry.name.join(' ');
  printer.line(`${entry.summary}.`);
  printer.line();
  printer.line(`Usage: ${usageLine(name, command)}`);
  printer.line();
  for (const paragraph of command.description.split('\n\n')) {
    for (const line of wrap(paragraph, helpWidth)) printer.line(line);
    printer.line();
  }
  section('Arguments', argumentRows(command), printer);
  section('Options', optionRows(command), printer);
  printer.line(printer.paint('bold', 'Examples'));
  for (const example of command.examples) {
    printer.line(`  ${printer.paint('dim', `# ${example.summary}`)}`);
    printer.line(`  ${example.command}`);
  }
  printer.line();
  section('Exit codes', exitCodeRows(command), printer);
}

export function argumentRows(command: Command): readonly Row[] {
  const rows = Object.values(command.arguments).map(({ value, summary, default: fallback }): Row => [
    value,
    withDefault(summary, fallback),
  ]);
  return command.rest === undefined ? rows : [...rows, [`-- ${command.rest.value}`, command.rest.summary]];
}

export function optionRows(command: Command): readonly Row[] {
  return Object.entries({ ...command.options, ...commonOptions(command) }).map(([key, spec]): Row => {
    if (spec.type === 'boolean') return [optionUsage(key, spec), spec.summary];
    const notes = [...(spec.required === true ? ['required'] : []), ...(spec.multiple === true ? ['repeatable'] : [])];
    const summary = notes.length === 0 ? spec.summary : `${spec.summary} (${notes.join(', ')})`;
    return [optionUsage(key, spec), withDefault(summary, spec.default)];
  });
}

export function exitCodeRows(command: Command): readonly Row[] {
  const own = { 0: exitCodes[0], 1: exitCodes[1], 2: exitCodes[2], ...command.exitCodes };
  return Object.entries(own).map(([code, meaning]): Row => [code, meaning]);
}

function withDefault(summary: string, fallback: string | undefined): string {
  return fallback === undefined ? summary : `${summary} [default: ${fallback}]`;
}

const helpWidth = 96;
const widestLeft = 34;

function section(title: string, rows: readonly Row[], printer: Printer): void {
  if (rows.length === 0) return;
  printer.line(printer.paint('bold', title));
  const width = Math.min(widestLeft, Math.max(...rows.map(([left]) => left.length)));
  const indent = ' '.repeat(width + 4);
  for (const [left, right] of rows) {
    const [first = '', ...others] = wrap(right, helpWidth - width - 4);
    // A long left side gets a line of its own.
    const fits = left.length <= width;
    printer.line(`  ${printer.paint('cyan', fits ? left.padEnd(width) : left)}${fits ? `  ${first}` : ''}`.trimEnd());
    for (const line of fits ? others : [first, ...others]) printer.line(`${indent}${line}`);
  }
  printer.line();
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
