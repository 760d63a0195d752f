import { utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { type WasmMemory, webAssembly } from './webassembly.ts';

/** 64 KiB (WebAssembly core specification, 4.2.8). */
export const PAGE_BYTES = 65_536;
/** What the module asks for at its start. */
const INITIAL_PAGES = 256;

/** The memory of the module, and views of it that follow its growth. Addresses are unsigned. */
export class ModuleMemory {
  readonly memory: WasmMemory;
  readonly #maxBytes: number;
  #bytes: Uint8Array;
  #view: DataView;

  /** @param maxBytes how large it may become, at most 4 GiB. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    const maximum = Math.max(INITIAL_PAGES, Math.floor(maxBytes / PAGE_BYTES));
    // The module was built for threads, so it imports shared memory, although only one thread uses it.
    this.memory = new webAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true });
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#view = new DataView(this.memory.buffer);
  }

  get bytes(): Uint8Array {
    this.#follow();
    return this.#bytes;
  }

  get view(): DataView {
    this.#follow();
    return this.#view;
  }

  /** Grows to at least so many bytes. @returns whether that was possible. */
  grow(sizeBytes: number): boolean {
    const missing = sizeBytes - this.memory.buffer.byteLength;
    if (missing <= 0 || sizeBytes > this.#maxBytes) return false;
    try {
      this.memory.grow(Math.ceil(missing / PAGE_BYTES));
      return true;
    } catch {
      return false;
    }
  }

  uint32(address: number): number {
    return this.view.getUint32(address, true);
  }

  int32(address: number): number {
    return this.view.getInt32(address, true);
  }

  setUint32(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  /** A text of the engine, up to an address or to the first zero byte. @throws CODEC_INVALID when it is not UTF-8. */
  text(start: number, end = this.bytes.indexOf(0, start)): string {
    return decodeUtf8(this.bytes.slice(start, Math.max(start, end)));
  }

  /** A text that a model made, which may be any bytes: those that are not UTF-8 are replaced, as the native binding replaces them. */
  looseText(start: number, end = this.bytes.indexOf(0, start)): string {
    const bytes = this.bytes.slice(start, Math.max(start, end));
    const zero = bytes.indexOf(0);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(zero < 0 ? bytes : bytes.subarray(0, zero));
  }

  /** Writes a text and a zero byte after it. */
  setText(address: number, text: string): void {
    const encoded = utf8(text);
    this.bytes.set(encoded, address);
    this.bytes[address + encoded.length] = 0;
  }

  #follow(): void {
    if (this.memory.buffer === this.#bytes.buffer) return;
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#view = new DataView(this.memory.buffer);
  }
}
