/** Exceptions of the processor that an enclave can cause (SDM vol. 3A, table 6-1). */
const names: ReadonlyMap<number, string> = new Map([
  [0, '#DE, a division by zero'],
  [1, '#DB, a debugger'],
  [3, '#BP, a breakpoint'],
  [5, '#BR, a bound'],
  [6, '#UD, an invalid instruction, which abort() and a failed assertion end with'],
  [13, '#GP, general protection'],
  [14, '#PF, an access to memory that is not there or not permitted'],
  [16, '#MF, floating point'],
  [17, '#AC, alignment'],
  [19, '#XM, floating point'],
]);

/** An exception in words. */
export function exceptionName(vector: number): string {
  return names.get(vector) ?? `vector ${vector}`;
}
