/** `@enclos/command-line`: a program declares its commands; this reads its command line and writes its help. */
export { readCall, type Call } from './call.ts';
export {
  commandsWith,
  paragraphsOf,
  type ArgumentSpec,
  type ArgumentSpecs,
  type Command,
  type CommandInput,
  type CommandShape,
  type Definition,
  type OptionSpec,
  type OptionSpecs,
  type RawInput,
} from './command.ts';
export { allowEarlyEnd, type PipedStream } from './early-end.ts';
export { findEntry, groupOf, type CommandEntry } from './entry.ts';
export { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
export { argumentRows, exitCodeRows, helpText, optionRows } from './help.ts';
export { parseCommand, type CalledCommand, type ParsedCommand } from './parse.ts';
export { grouped, printable, printableLines } from '@enclos/diagnostics';
export { createPrinter, type Printer, type Style, type TextStream } from './printer.ts';
export type { Program, RefuseUsage } from './program.ts';
export { commonOptions, usageLine } from './usage.ts';
export { addressIn, addressText, wholeNumberIn, type NetworkAddress, type NumberBounds } from './values.ts';
export { shellWord } from './shell-word.ts';
