import { EnclosError } from '@enclos/errors';
import { endError, reportedExit } from '@enclos/host/life';
import type { EnclaveExit, LaunchedSgxEnclave } from '@enclos/tee';

/** Such an enclave has no output to show, not even in debug mode. */
const next =
  'Load it again: what it sealed opens. If it ends by itself, read what the reason means in docs/how-to/run-signed-enclaves.md#when-it-ends.';

/** The end of an enclave: what began it tells all that wait. */
export class Loss {
  readonly #enclave: Pick<LaunchedSgxEnclave, 'exited' | 'terminate'>;
  readonly #close: (error: EnclosError) => void;
  #told: Promise<EnclosError> | undefined;
  #reason: string | undefined;

  /** @param close fails everything that waits for the enclave. Called once. */
  constructor(enclave: Pick<LaunchedSgxEnclave, 'exited' | 'terminate'>, close: (error: EnclosError) => void) {
    [this.#enclave, this.#close] = [enclave, close];
    void enclave.exited.then(() => this.begin());
  }

  /** How the process ended. When this host ended it, its reason says more than the signal. Never rejects. */
  get exited(): Promise<EnclaveExit> {
    return this.#enclave.exited.then((exit) => (this.#reason === undefined ? exit : { ...exit, detail: this.#reason }));
  }

  /**
   * Ends the enclave, if it runs, and fails what waits for it.
   *
   * @param reason one sentence; otherwise the platform's report says why. The first call counts.
   * @returns the error that everything fails with
   */
  async begin(reason?: string): Promise<EnclosError> {
    if (this.#told === undefined) {
      this.#reason = reason;
      this.#told = this.#tell(reason);
    }
    return this.#told;
  }

  async #tell(reason: string | undefined): Promise<EnclosError> {
    const { exited, terminate } = this.#enclave;
    // An enclave that only closed a gate would not end by itself.
    void terminate().catch(() => undefined);
    const exit =
      reason === undefined ? await reportedExit(exited) : { exitCode: undefined, signal: undefined, detail: reason };
    const { message } = endError('ENCLAVE_LOST', exit, undefined);
    const error = new EnclosError('ENCLAVE_LOST', message, { next });
    this.#close(error);
    return error;
  }
}
