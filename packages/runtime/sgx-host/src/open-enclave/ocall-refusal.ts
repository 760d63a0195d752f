import { oeResultName } from '@enclos/edl-calls/host';

/** What an OCALL comes to when it is not served: the enclave gets the result. */
export class OcallRefusal extends Error {
  readonly result: number;

  /** @param result an `oe_result_t` */
  constructor(result: number) {
    super(`The OCALL is answered with ${oeResultName(result) ?? 'a result'} (${result}).`);
    this.name = 'OcallRefusal';
    this.result = result;
  }
}
