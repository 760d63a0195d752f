import { declareErrors } from '@enclos/errors';

export const elfErrors = declareErrors({
  PROGRAM_REFUSED: [
    'usage',
    'The program cannot run as an enclave: it must be a static ELF file of this machine that keeps code and data apart.',
    'Build it for this machine and statically: Go with CGO_ENABLED=0, Rust for a musl target, C with `-static` or `-static-pie`.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof elfErrors, true> {}
}
