import './errors.ts';
export { dynamicValue, DynamicTag, readDynamic, type DynamicEntry } from './dynamic.ts';
export { readElf, type ElfFacts } from './facts.ts';
export {
  EM_AARCH64,
  EM_X86_64,
  ET_DYN,
  fileOffset,
  PF_R,
  PF_W,
  PF_X,
  PT_LOAD,
  PT_TLS,
  readHeader,
  type ElfHeader,
  type Segment,
} from './header.ts';
export { overlayTagPrefix, readGoProgram, type GoProgram } from './go-program.ts';
export { readExactly, type FilePart, type ReadAt } from './read.ts';
export { readSections, type ElfSection } from './sections.ts';
export {
  findSymbols,
  readRelocationTable,
  readSymbolValues,
  relocationsIn,
  type DynamicSymbol,
  type Relocation,
} from './tables.ts';
export {
  checkProgram,
  checkProgramBytes,
  startingMemory,
  type ProgramArchitecture,
  type ProgramRule,
  type StaticProgram,
} from './program.ts';
