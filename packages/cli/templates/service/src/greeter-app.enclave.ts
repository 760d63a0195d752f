import { defineEnclave, generateKeyPair, quote } from '@enclos/enclave';
import { app, purpose } from './greeter-app.edl.ts';

/** Born at start, gone with the enclave; the private half cannot be exported. */
const key = generateKeyPair('signature');

export const application = defineEnclave(app, {
  async evidence({ nonce }) {
    const { publicKey } = await key;
    return { quote: await quote({ purpose, nonce, key: publicKey }), publicKey };
  },
  async sign({ statement }) {
    const { privateKey } = await key;
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(statement));
    return new Uint8Array(signature);
  },
});
