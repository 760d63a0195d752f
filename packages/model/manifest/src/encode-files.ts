import { ByteWriter, utf8 } from '@enclos/codec';
import { checkFiles, type EmbeddedFile } from './files.ts';

/**
 * Count u32, then for each file: path length u16, path (UTF-8), content length
 * u32, content. Not an edl array: the maximum size of that type would exceed that of any message.
 */
export function encodeFiles(files: readonly EmbeddedFile[]): Uint8Array {
  checkFiles(files);
  const writer = new ByteWriter().u32(files.length);
  for (const file of files) {
    const path = utf8(file.path);
    writer.u16(path.length).bytes(path).u32(file.content.length).bytes(file.content);
  }
  return writer.finish();
}
