import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromPem } from '@enclos/codec/pem';
import { EnclosError } from '@enclos/errors';

const run = promisify(execFile);
const maxLength = 4 * 1024 * 1024;
const program = "process.stdout.write(require('node:tls').rootCertificates.join('\\n') + '\\n')";

/**
 * The roots of public certificate authorities that the interpreter has built in, as PEM: the same for one interpreter on every machine, whose
 * own list would make another image.
 * @throws OCI_BASE_UNUSABLE
 */
export async function interpreterCertificates(interpreter: string): Promise<string> {
  try {
    const { stdout } = await run(interpreter, ['-e', program], {
      env: {},
      timeout: 30_000,
      maxBuffer: maxLength,
    });
    fromPem('CERTIFICATE', stdout, maxLength);
    return stdout;
  } catch (cause) {
    throw new EnclosError('OCI_BASE_UNUSABLE', `${interpreter} does not print its root certificates.`, { cause });
  }
}
