import { toHex } from '@enclos/codec';
import type { SgxReport } from '@enclos/software-sgx';
import { info, ok, type Check } from './check.ts';

/** What this machine has for signed SGX images. */
export interface SgxExecutionReport {
  readonly works: boolean;
  /** The program that runs them, when it is installed. */
  readonly stub?: { readonly sha256: string; readonly securityVersion: number; readonly compiler: string };
  /** Why they do not run. */
  readonly reason?: string;
}

export function reportSgx({ stub, obstacle }: SgxReport): SgxExecutionReport {
  return Object.freeze({
    works: obstacle === undefined,
    ...(stub === undefined ? {} : { stub: { ...stub, sha256: toHex(stub.sha256) } }),
    ...(obstacle === undefined ? {} : { reason: obstacle }),
  });
}

/** Enclaves of Enclos need none of it, so what is missing is not a warning. */
export function checkSgx({ works, stub, reason = 'not possible' }: SgxExecutionReport): Check {
  const name = 'SGX images';
  const which =
    stub === undefined
      ? ''
      : `; stub of security version ${stub.securityVersion}, built by ${stub.compiler}, SHA-256 ${stub.sha256.slice(0, 16)}…`;
  return works
    ? ok(name, `a process of a signed SGX image starts here${which}`)
    : info(name, `none runs here: ${reason}${which}`);
}
