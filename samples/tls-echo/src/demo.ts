import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { softwareRoot } from '@enclos/attestation';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { createTlsIdentity } from '@enclos/enclave';
import { isEnclosError } from '@enclos/errors';
import { mrSignerOf } from '@enclos/sgx';
import { generateSigningKey, publicModulus, sha256 } from '@enclos/sgx/node';
import { openVendor, singleUserAdvisory, startPlatform, stateFolders } from '@enclos/software-sgx';
import { attest, connectAttested, echo, type Attested, type EchoTrust, type EvidenceSource } from './client.ts';
import { loadTlsEcho } from './host.ts';
import { tlsEchoProjectFolder } from './project-folder.ts';
import { startInterceptor, startRecorder, type Address } from './relays.ts';
import { happened, refusalOf, say, StepError } from './steps.ts';
import { serverName } from './tls-echo.edl.ts';

const secret = 'the launch code is 7-4-1-9';

async function show(folder: string): Promise<void> {
  const signer = generateSigningKey();
  const { image, mrEnclave } = await buildEnclave(await loadProject(tlsEchoProjectFolder), { outFolder: folder });
  const signature = signEnclave({ image, key: signer, date: new Date() });
  say('MRENCLAVE', toHex(mrEnclave));
  const stateFolder = join(folder, 'platform');
  const platform = await startPlatform({ stateFolder });
  try {
    const enclave = await loadTlsEcho({ image, signature, launcher: platform, echo: { port: 0 } });
    const { host = '127.0.0.1', port = 0 } = enclave.listeners['echo'] ?? {};
    say('the host listens on', `${host}:${port}`);
    const source: EvidenceSource = {
      evidence: (args) => enclave.call.evidence(args),
      endorsements: () => platform.endorsements(),
    };
    // From the vendor's folder and the signer's key, not from the server, which is being appraised.
    const { rootPem } = await openVendor(stateFolders(stateFolder).vendorFolder);
    const root = await softwareRoot(rootPem);
    const trust: EchoTrust = {
      roots: [root],
      policy: {
        mrSigner: [toHex(mrSignerOf(publicModulus(signer), sha256))],
        productId: 9,
        minimumSecurityVersion: 1,
        acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
        acceptedAdvisoryIds: [singleUserAdvisory],
        intelRoot: false,
        softwareRoots: [root.fingerprint],
      },
    };
    const attested = await attest(source, trust);
    happened(
      'the quote is for this image, and bound to the key of the certificate',
      attested.evidence.mrEnclave === toHex(mrEnclave),
    );
    await showEcho({ host, port }, attested);
    await showInterceptor({ host, port }, { attested, source, trust });
  } finally {
    await platform.close();
  }
}

/** The relay stands for the host, through which every byte goes. */
async function showEcho(enclave: Address, attested: Attested): Promise<void> {
  const relay = await startRecorder(enclave);
  const socket = await connectAttested(relay.address, attested);
  const answer = await echo(socket, secret);
  happened(`the enclave, over ${socket.getProtocol() ?? 'TLS'}, echoes "${answer}"`, answer === secret);
  socket.destroy();
  const seen = relay.seen();
  say('the host saw', `${seen.length} bytes of ciphertext`);
  happened('none of them is the text', seen.length > secret.length && !seen.includes(secret));
  await relay.close();
}

/** The host ends TLS itself, with a certificate that names the same server. */
async function showInterceptor(
  enclave: Address,
  { attested, source, trust }: { attested: Attested; source: EvidenceSource; trust: EchoTrust },
): Promise<void> {
  const own = createTlsIdentity(serverName);
  const interceptor = await startInterceptor(enclave, own);
  const refusal = await refusalOf(connectAttested(interceptor.address, attested));
  happened(`a host that ends TLS itself is refused in the handshake: ${refusal}`, /SELF_SIGNED|UNABLE/.test(refusal));
  happened('and has seen nothing', interceptor.seen().length === 0);
  await interceptor.close();

  const lying: EvidenceSource = {
    ...source,
    evidence: async (args) => ({ ...(await source.evidence(args)), certificate: own.cert }),
  };
  const unbound = await refusalOf(attest(lying, trust));
  happened(
    `a host that passes its own certificate off with the quote is refused: ${unbound}`,
    unbound === 'APPRAISAL_REFUSED',
  );
}

const folder = await mkdtemp(join(tmpdir(), 'enclos-tls-echo-'));
try {
  await show(folder);
} catch (error) {
  if (!(error instanceof StepError) && !isEnclosError(error)) throw error;
  process.stderr.write(`   ✖ ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
