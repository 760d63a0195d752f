import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseUsage } from '@enclos/cli-frame';
import { parseCommand } from '@enclos/command-line';
import { cliPage } from '../docs-page.ts';
import { registry } from '../../src/registry.ts';
import { enclos, repository } from '../cli.ts';

const overview = `Enclave-aware containers in TypeScript.

Usage: enclos COMMAND [OPTIONS]

Project
  new                    Make a project that builds and runs
  build                  Bundle, lay out and measure the enclave of a project
  run                    Build, sign and run a project on a software platform
  dev                    Run a project, and build and restart what changes
  test                   Run the tests of a project against its enclave
  debug                  Run a project with a debugger in its debug enclave
  doctor                 Check what this machine and project are ready for

Go programs
  go build               Build an unmodified Go program as an enclave
  go run                 Build a Go program and run it as an enclave
  go test                Run the tests of Go packages, with the modules of Enclos
  go interface           Write the Go side of an interface
  go install             Install Go programs that can be enclaves
  ego sign               Sign an executable by EGo's enclave.json
  ego run                Run an executable that \`ego sign\` signed
  ego bundle             Write one file that runs a signed executable
  ego signerid           Print the MRSIGNER of a signed executable or of a key
  ego uniqueid           Print the MRENCLAVE of a signed executable
  ego env                Run a command for which \`go build\` is \`enclos go build\`
  ego install            Say what takes the place of EGo’s drivers and services
  ego marblerun          Refused: MarbleRun has no equal here

Image
  keygen                 Make a signing key
  sign                   Sign an image
  measure                Print the MRENCLAVE of an image
  inspect                Show what is in an image, signature, quote, sealed blob or key
  gramine manifest       Write the Gramine manifest of an image (not yet run on hardware)
  image build            Make a container image of a signed enclave and its host program
  image inspect          Show what a container image says about itself
  image verify           Tie the digest of a container image to the enclave in it
  image index            Join images for different architectures into one index
  image push             Send a container image to a registry
  image pull             Get a container image from a registry

Kubernetes
  deploy                 Write the manifests that run an image
  lint                   Mark what is wrong with manifests that schedule enclaves

Native enclaves
  edl check              Mark what is wrong with EDL files of Intel's SDK and Open Enclave
  edl gen                Write the TypeScript module of an EDL file
  edl format             Put EDL files in their standard form
  edl doc                Describe the interface of an EDL file in Markdown
  c-header               Write the C header for programs that ask for evidence and keys

Evidence
  verify                 Verify a quote, and appraise it by a policy
  explain                Show what a quote, a report, a certificate or a token says
  policy init            Make a strict policy from a quote or a measurement
  policy check           Mark what is wrong with a policy
  policy explain         Say in sentences what a policy accepts
  policy test            Evaluate a policy of claim rules on claims
  policy format          Format a policy of claim rules
  proxy                  Attest a server, and forward to it for curl and any other program
  collateral fetch       Get the collateral of a platform, and keep it
  collateral list        Show the collateral that is kept
  collateral doctor      Say what of the kept collateral is old, and what to do
  collateral export      Write the kept collateral into one file
  collateral import      Keep the collateral that a file holds

Inference
  predict                Ask a model of an attested inference service
  receipt verify         Verify a receipt: which model answered which request with what
  model info             Show what an ONNX model takes, gives and uses
  model hash             Print the digest of a model
  model encrypt          Encrypt a model for an inference enclave or KServe
  model key supply       Supply the key of your model to an attested enclave
  model test-inputs      Write a request with made-up inputs for a model

Ledgers
  ledger verify          Verify a ledger, a snapshot or a receipt of CCF
  ledger show            Show transactions of a ledger
  ledger receipt         Make the receipt of a transaction
  ledger export          Write all transactions as JSON, one a line
  consortium dev         Run an application of CCF in a sandbox, and reload what changes

Platform
  platform init          Make a software vendor and machine, and enrol the machine
  platform enrol         Enrol a machine with a vendor, also from another computer
  platform show          Show a vendor and a machine
  platform serve         Run a platform, and serve its collateral
  platform audit verify  Check that the audit log of a platform is whole
  platform audit show    Show the last records of an audit log
  platform publish       Write the collateral and the roots of vendors, for nodes and relying parties
  platform publish-tcb   Raise the current TCB level of a vendor
  platform set-cpusvn    Set the CPUSVN, to rehearse a TCB recovery

Shell
  completions            Print the completions of this command for a shell

\`enclos help COMMAND\` shows one command, \`enclos --version\` the version.
`;

const measureHelp = `Print the MRENCLAVE of an image.

Usage: enclos measure FILE [--limit SIZE] [--json]

Prints the MRENCLAVE of an enclave: of an SGXS stream, made by this tool or another, or of the
signed file of Intel’s SGX SDK or of Open Enclave. Memory use is constant, however large the
enclave is. For an image that \`enclos build\` made, \`sha256sum\` prints the same value.

A small file can declare an enclave of many gigabytes: --limit bounds what is hashed. For the
file of an SDK, standard error says whether its SIGSTRUCT names the same enclave.

Arguments
  FILE  The image; - reads standard input

Options
  --limit SIZE  The most that is hashed to measure an enclave file, such as 64G, instead of 16G
  --json        Print the result, or the error, as JSON and nothing else
  --help        Show this help

Examples
  # Measure an image
  enclos measure .enclos/vault.sgxs
  # Measure an enclave of Intel’s SGX SDK or of Open Enclave
  enclos measure enclave.signed.so
  # Measure what another program writes
  enclos measure - < enclave.sgxs

Exit codes
  0  It worked.
  1  It failed: an enclave, a platform or the system refused or was lost.
  2  The command line, a configuration or a source file is wrong.
  3  The file is an enclave that was built for simulation, or a damaged enclave file.

`;

test('help without a command is the list of commands', async () => {
  for (const argv of [[], ['help'], ['--help'], ['-h']]) {
    const ran = await enclos(argv);
    assert.equal(ran.stdout, overview);
    assert.deepEqual([ran.code, ran.stderr], [0, '']);
  }
});

test('help of a command, before and after its name, and before its own arguments', async () => {
  for (const argv of [
    ['help', 'measure'],
    ['measure', '--help'],
    ['measure', '-h'],
    ['measure', '--help', 'a', 'b'],
  ]) {
    const ran = await enclos(argv);
    assert.equal(ran.stdout, measureHelp);
    assert.equal(ran.code, 0);
  }
});

test('help of a group lists its commands', async () => {
  for (const argv of [
    ['help', 'platform'],
    ['platform', '--help'],
  ]) {
    const { stdout, code } = await enclos(argv);
    assert.match(stdout, /^Usage: enclos platform COMMAND \[OPTIONS\]\n\n {2}platform init {10}Make a software vendor/);
    assert.equal(code, 0);
  }
  for (const argv of [
    ['help', 'platform', 'audit'],
    ['platform', 'audit', '--help'],
  ]) {
    assert.match(
      (await enclos(argv)).stdout,
      /^Usage: enclos platform audit COMMAND \[OPTIONS\]\n\n {2}platform audit verify {2}Check/,
    );
  }
  assert.match((await enclos(['help', 'platform', 'show'])).stdout, /^Show a vendor and a machine\.\n/);
});

test('the version is that of the package', async () => {
  const manifest: unknown = JSON.parse(readFileSync(join(repository, 'packages/cli/package.json'), 'utf8'));
  assert.ok(typeof manifest === 'object' && manifest !== null && 'version' in manifest);
  for (const word of ['--version', '-v']) {
    assert.equal((await enclos([word])).stdout, `${String(manifest.version)}\n`);
  }
});

test('every command has an example that starts with its own name, and parses', async () => {
  for (const entry of registry) {
    const command = await entry.load();
    const name = entry.name.join(' ');
    assert.ok(command.examples.length > 0, name);
    for (const { command: line } of command.examples) {
      assert.ok(line.startsWith(`enclos ${name}`), line);
      const words = line.replace(/ [<>] .*/, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
      const plain = words.map((word) => (word.startsWith("'") ? word.slice(1, -1) : word.replaceAll('"', '')));
      parseCommand({ name, command, refuse: refuseUsage }, plain.slice(1 + entry.name.length));
    }
  }
});

test('help is never wider than a terminal, examples aside', async () => {
  for (const { name } of registry) {
    const { stdout } = await enclos(['help', ...name]);
    const wide = stdout.split('\n').filter((line) => line.length > 100 && !line.startsWith('  enclos '));
    assert.deepEqual(wide, []);
  }
});

test('docs/reference/cli.md is what the registry says (npm run docs -w @enclos/cli writes it)', async () => {
  assert.equal(readFileSync(join(repository, 'docs/reference/cli.md'), 'utf8'), await cliPage());
});
