export { codeEnclave, type CodeEnclaveOptions } from './code.ts';
export { assemble } from './compiler.ts';
export { intelEdl, intelEnclave, intelPatch, type IntelEnclaveOptions } from './intel.ts';
export {
  enclu,
  intelSection,
  makeElf,
  openEnclaveSection,
  type MadeElf,
  type MadeMetadata,
  type MadeSection,
} from './made-elf.ts';
export { openEnclave, openEnclaveEdl, type OpenEnclaveOptions } from './open-enclave.ts';
export { intelNote, type IntelLayout, type LayoutEntry } from './intel-metadata.ts';
export { pageFlags, pagesOf, tcsBytes, type TcsFields } from './pages.ts';
export { signEnclave, type KitEnclave, type KitSigning } from './signing.ts';
export { writeStream, type KitGeometry, type KitPage, type KitStream } from './stream.ts';
