import { judge } from './judge.ts';

const seed = (text: string): Uint8Array => new TextEncoder().encode(text);

export const seeds: readonly Uint8Array[] = [
  seed(`enclave {
  include "a.h"
  from "b.edl" import f, g; /* c */
  enum e { A, B = 2 };
  struct s { size_t n; [count=n] uint8_t* p; };
  trusted { public int f([in, size=n] const void* p, size_t n, [out] struct s* q) transition_using_threads; };
  untrusted { void o([in, string] char* t, [user_check] void* u) allow(f) propagate_errno; };
};`),
  seed(`#define N 4 // d
#if defined(N) && N > 2
enclave { union u { int a[N]; float b; };
#else
bogus ' text
#endif
untrusted { [cdecl] void f([in, isptr, readonly] t x, int y[2][3]); }; };`),
  seed('enclave { import "b.edl" struct s { int a }; trusted { public const char* f(int a,); }; }'),
];

/** Bytes as the text of a file. */
export function fuzz(data: Uint8Array): void {
  judge(new TextDecoder().decode(data));
}
