import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { durable } from '@enclos/durable';
import type { SgxEnclave, UntypedEcalls } from '@enclos/sgx-host';

export type SignedSubject = SgxEnclave<UntypedEcalls>;

/** Several pages, so that a write can be torn. */
const stateBytes = 40_000;
const [nonceBytes, tagBytes] = [12, 16];

/**
 * A counter that its host keeps on a disk, sealed with a key that only this enclave can ask for. An enclave of an SDK would seal inside;
 * that its host knows the key changes nothing of what may be torn, lost or accepted.
 */
export class SealedCounter {
  readonly #enclave: SignedSubject;
  readonly #path: string;
  readonly #at: (step: string) => void;

  constructor(enclave: SignedSubject, path: string, at: (step: string) => void = () => undefined) {
    [this.#enclave, this.#path, this.#at] = [enclave, path, at];
  }

  /** 0 before the first. @throws Error when what is there is not whole */
  async found(): Promise<number> {
    this.#at('read');
    const sealed = await readFile(this.#path).catch(() => undefined);
    if (sealed === undefined) return 0;
    const decipher = createDecipheriv('aes-128-gcm', await this.#key(), sealed.subarray(0, nonceBytes));
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const state = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
    const counter = state.readUInt32BE(0);
    const isWhole = state.length === stateBytes && state.subarray(4).every((byte) => byte === (counter & 0xff));
    if (!isWhole) throw new Error('The state is torn.');
    return counter;
  }

  /** Asks the enclave for the next one, and answers when it is on the disk. */
  async advance(): Promise<number> {
    const next = await this.#enclave.ecalls['ecall_ask']?.({ value: await this.found() });
    if (typeof next !== 'number') throw new Error('The enclave gave no number.');
    this.#at('seal');
    const state = Buffer.alloc(stateBytes, next & 0xff);
    state.writeUInt32BE(next, 0);
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-128-gcm', await this.#key(), nonce);
    const text = Buffer.concat([cipher.update(await this.#throughEnclave(state)), cipher.final()]);
    this.#at('store');
    await durable.replace(this.#path, Buffer.concat([nonce, cipher.getAuthTag(), text]));
    this.#at('stored');
    return next;
  }

  /** EGETKEY: the seal key of this MRENCLAVE. */
  async #key(): Promise<Uint8Array> {
    this.#at('key');
    const { result, key } = await this.#called<{ result: number; key: Uint8Array }>('ecall_key', {
      request: sealRequest(),
    });
    if (result !== 0) throw new Error(`EGETKEY gave ${result}.`);
    return key;
  }

  async #throughEnclave(source: Uint8Array): Promise<Uint8Array> {
    this.#at('copy');
    const { copy } = await this.#called<{ copy: Uint8Array }>('ecall_copy', { source, bytes: BigInt(source.length) });
    return copy;
  }

  async #called<R>(name: string, values: object): Promise<R> {
    // What the kit's EDL says: it is compiled when the program runs.
    return (await this.#enclave.ecalls[name]?.(values)) as R;
  }
}

/** KEYREQUEST (SDM vol. 3D, table 39-28): SEAL_KEY by MRENCLAVE, CPUSVN 0, ATTRIBUTEMASK INIT and DEBUG. */
function sealRequest(): Uint8Array {
  const request = new Uint8Array(512);
  const view = new DataView(request.buffer);
  view.setUint16(0, 4, true);
  view.setUint16(2, 1, true);
  view.setBigUint64(24, 3n, true);
  return request;
}
