import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseTpmQuote } from '../../src/azure-vtpm/tpm-quote.ts';
import { createAzureVtpmAttester } from '../../src/azure-vtpm/index.ts';
import { certificatePem } from './certificate.ts';
import { hclReport } from './fake-tpm.ts';

/** The tools and a TPM in software: that the commands, their options and their files are what the driver thinks. */
const tools = ['swtpm', 'tpm2_quote', 'tpm2_nvread'].every((command) => {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

async function freePorts(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  // The tools want the control port right behind.
  return port < 65_535 ? port : freePorts();
}

async function startTpm(t: TestContext, folder: string): Promise<string> {
  const port = await freePorts();
  const child = spawn(
    'swtpm',
    [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${folder}`,
      '--flags',
      'startup-clear,not-need-init',
      '--seccomp',
      'action=none',
      '--server',
      `type=tcp,port=${port}`,
      '--ctrl',
      `type=tcp,port=${port + 1}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  });
  const tcti = `swtpm:port=${port}`;
  for (let attempt = 0; ; attempt++) {
    try {
      execFileSync('tpm2_getrandom', ['--tcti', tcti, '--hex', '1'], { stdio: 'ignore' });
      return tcti;
    } catch (error) {
      if (attempt === 50) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test(
  'a TPM in software is read and quotes as one of Azure does',
  { skip: tools ? false : 'swtpm or tpm2-tools are absent' },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'enclos-swtpm-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const tcti = await startTpm(t, folder);
    const at = (name: string): string => join(folder, name);
    const tpm2 = (command: string, ...args: string[]): void => {
      execFileSync(`tpm2_${command}`, ['--tcti', tcti, ...args], { stdio: 'ignore' });
      // There is no resource manager in between.
      execFileSync('tpm2_flushcontext', ['--tcti', tcti, '--transient-object'], { stdio: 'ignore' });
    };
    const report = hclReport({ trailing: new Uint8Array() });
    writeFileSync(at('hcl'), report);
    tpm2(
      'nvdefine',
      '0x01400001',
      '--hierarchy',
      'o',
      '--size',
      String(report.length),
      '--attributes',
      'ownerread|ownerwrite',
    );
    tpm2('nvwrite', '0x01400001', '--hierarchy', 'o', '--input', at('hcl'));
    tpm2(
      'createprimary',
      '--hierarchy',
      'e',
      '--key-context',
      at('ak'),
      '--key-algorithm',
      'rsa2048:rsassa-sha256:null',
      '--attributes',
      'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign',
      '--output',
      at('pub'),
      '--format',
      'pem',
    );
    tpm2('evictcontrol', '--hierarchy', 'o', '--object-context', at('ak'), '0x81000003');

    const attester = await createAzureVtpmAttester({
      tcti,
      fetch: () => Promise.resolve(Response.json({ vcekCert: certificatePem, certificateChain: certificatePem })),
    });
    const reportData = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
    const { hclReportBytes, tpmQuote } = await attester.evidence(reportData);
    assert.deepEqual(hclReportBytes, report);
    assert.deepEqual(parseTpmQuote(tpmQuote.message).qualifyingData, reportData);
    assert.equal(tpmQuote.signature.length, 256);
    const key = createPublicKey(readFileSync(at('pub')));
    assert.ok(verify('sha256', tpmQuote.message, key, tpmQuote.signature));

    tpm2('nvundefine', '0x01400001', '--hierarchy', 'o');
    await assert.rejects(attester.evidence(reportData), { code: 'TEE_DEVICE_FAILED' });
  },
);
