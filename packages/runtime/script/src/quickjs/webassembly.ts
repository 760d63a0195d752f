/** The part of the WebAssembly JavaScript interface that is used. Only the library of types for browsers declares it. */
export interface WasmModule {
  readonly kind?: 'module';
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyNamespace {
  readonly Module: {
    new (code: Uint8Array): WasmModule;
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown };
  readonly RuntimeError: abstract new () => Error;
}

// It is there in every Node and browser; its type is the part of it above.
export const webAssembly = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyNamespace;
