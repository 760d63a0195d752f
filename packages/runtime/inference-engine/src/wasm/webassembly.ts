/** The part of the WebAssembly JavaScript interface that is used. Only the library of types for browsers declares it. */
export interface WasmModule {
  readonly kind?: 'module';
}

export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

export interface WasmTable {
  get(index: number): unknown;
}

interface WebAssemblyNamespace {
  readonly Module: {
    new (code: Uint8Array<ArrayBuffer>): WasmModule;
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (options: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => WasmMemory;
  readonly Table: abstract new () => WasmTable;
}

// It is there in every Node and browser; its type is the part of it above.
export const webAssembly = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyNamespace;
