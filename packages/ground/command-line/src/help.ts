import { paragraphsOf, type CommandShape } from './command.ts';
import type { CommandEntry } from './entry.ts';
import { exitCodes } from './exit-codes.ts';
import { createPrinter, type Printer } from './printer.ts';
import type { Program } from './program.ts';
import { commonOptions, optionUsage, usageLine } from './usage.ts';

type ProgramTitle = Pick<Program, 'name' | 'summary' | 'version'>;
type Listing = Pick<CommandEntry<never>, 'name' | 'category' | 'summary'>;

/** Every command by category: what `enclos help` prints. */
export function renderOverview(
  { name: program, summary, version }: ProgramTitle,
  entries: readonly Listing[],
  printer: Printer,
): void {
  printer.line(summary);
  printer.line();
  printer.line(`Usage: ${program} COMMAND [OPTIONS]`);
  const width = widthOf(entries);
  for (const category of new Set(entries.map((entry) => entry.category))) {
    printer.line();
    printer.line(printer.paint('bold', category));
    renderEntries(
      entries.filter((entry) => entry.category === category),
      width,
      printer,
    );
  }
  printer.line();
  const versionHelp = version === undefined ? '' : `, \`${program} --version\` the version`;
  printer.line(`\`${program} help COMMAND\` shows one command${versionHelp}.`);
}

/** The commands of a group: what `enclos help platform` prints. @param group such as `enclos platform` */
export function renderGroup(group: string, entries: readonly Listing[], printer: Printer): void {
  printer.line(`Usage: ${group} COMMAND [OPTIONS]`);
  printer.line();
  renderEntries(entries, widthOf(entries), printer);
}

function widthOf(entries: readonly Listing[]): number {
  return Math.max(...entries.map(({ name }) => name.join(' ').length));
}

function renderEntries(entries: readonly Listing[], width: number, printer: Printer): void {
  for (const { name, summary } of entries) {
    printer.line(`  ${printer.paint('cyan', name.join(' ').padEnd(width))}  ${summary}`);
  }
}

type HelpShape = CommandShape & { readonly hasJson: boolean };
type Row = readonly [left: string, right: string];

/** Everything about one command: what `enclos help build` prints. */
export function renderHelp(
  { name: program }: ProgramTitle,
  { name, summary }: Listing,
  command: HelpShape,
  printer: Printer,
): void {
  printer.line(`${summary}.`);
  printer.line();
  printer.line(`Usage: ${usageLine([program, ...name].join(' '), command)}`);
  printer.line();
  for (const paragraph of paragraphsOf(command.description)) {
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

/** The help of a program that is one command, without colours. */
export function helpText(program: ProgramTitle, command: HelpShape): string {
  let text = '';
  const printer = createPrinter({ color: false, write: (part) => void (text += part) });
  renderHelp(program, { name: [], category: '', summary: program.summary }, command, printer);
  return text;
}

export function argumentRows(command: CommandShape): readonly Row[] {
  const rows = Object.values(command.arguments).map(({ value, summary, default: fallback }): Row => [
    value,
    withDefault(summary, fallback),
  ]);
  return command.rest === undefined ? rows : [...rows, [`-- ${command.rest.value}`, command.rest.summary]];
}

export function optionRows(command: HelpShape): readonly Row[] {
  return Object.entries({ ...command.options, ...commonOptions(command) }).map(([key, spec]): Row => {
    if (spec.type === 'boolean') return [optionUsage(key, spec), spec.summary];
    const notes = [...(spec.required === true ? ['required'] : []), ...(spec.multiple === true ? ['repeatable'] : [])];
    const summary = notes.length === 0 ? spec.summary : `${spec.summary} (${notes.join(', ')})`;
    const short = spec.short === undefined ? '' : `-${spec.short}, `;
    return [`${short}${optionUsage(key, spec)}`, withDefault(summary, spec.default)];
  });
}

export function exitCodeRows(command: CommandShape): readonly Row[] {
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
    // A long left side gets a separate line.
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
