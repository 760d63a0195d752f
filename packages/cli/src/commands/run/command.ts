import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { eventsOption, isolationOption } from '@enclos/cli-frame/options';
import { eventLines } from './events.ts';
import { signedOptions } from '../../signed/options.ts';
import { jsonSignedEvents, printOnStandardError, signedEvents } from '../../signed/render.ts';
import { runProgram } from '../../signed/run-program.ts';
import { runSigned } from '../../signed/run-signed.ts';
import { projectOptions, projectRun, relayedOption } from '../../project/options.ts';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../../project/render.ts';
import { isProgramFile, loneProject } from '../../project/lone-program.ts';
import type { RunOptions, RunOutcome } from '../../project/run-options.ts';
import { run, type RunEvents } from '../../project/run.ts';

export const command = defineCommand({
  description: [
    'Builds the enclave, signs it, starts a software platform and runs the host program on it.',
    'The host program gets image, signature and platform through `fromEnvironment()` of @enclos/host.',
    'It also gets the signals, and its exit code is the exit code of this command.',
    '',
    'The key is signing.key.pem of the project.',
    'Without one, a development key is made in .enclos.',
    'When the signer, the mode, the product or the platform differs from the run before, a warning says which sealed state this run cannot open, and what opens it.',
    '',
    'With --json, standard output has one JSON object a line, and the output of the host program goes to standard error.',
    'The member event says what happens: built, key-made, warning, platform, closed-state, not-remembered, starting (with the identity of the enclave), running (an enclave of the host program, with the transport of each of its streams) and ended (with exitCode).',
    'A failure is a line with error instead.',
    '',
    'With --sgx, there is no project: the signed file of an enclave of Intel’s SGX SDK or of Open Enclave is run as it is, on any machine with x86-64.',
    'The functions that it calls come from the module of --ocalls, and --call makes calls of its functions: the result is a line of JSON.',
    'In values, {"hex": "00ff"} is bytes, and {"integer": "…"} an integer that a number of JavaScript does not hold.',
    'The SGXS stream of a program of Fortanix EDP has no interface: with --signature it runs until it exits, on standard input and output, and its arguments follow --.',
    '',
    'Instead of a folder, FOLDER may be a static program of C, Rust or Go that knows nothing of enclaves: it runs as a debug enclave with a private network.',
    'It reaches what --listen and --connect name, and nothing else; its arguments follow --. For a release, give it an enclave.json with "network": "private".',
    '',
    'The platform is software: it follows the rules of SGX and gives each enclave a process, but it does not keep secrets from the owner of the machine.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of enclave.json, or a static program', default: '.' } },
  options: {
    isolation: isolationOption,
    debug: {
      type: 'boolean',
      summary: 'Build and run a debug enclave: its errors are readable, and it keeps no secrets',
    },
    relayed: relayedOption,
    ...projectOptions,
    listen: {
      type: 'string',
      value: 'NAME=[HOST:]PORT',
      multiple: true,
      summary: 'With a program: a port at which it listens, and the host for it',
    },
    connect: {
      type: 'string',
      value: 'NAME=HOST:PORT',
      multiple: true,
      summary: 'With a program: where it may connect',
    },
    ...signedOptions,
    json: eventsOption,
  },
  rest: { value: 'ARGUMENTS', summary: 'Arguments of the host program' },
  examples: [
    { command: 'enclos run', summary: 'Build and run the project in this folder' },
    {
      command: 'enclos run --isolation=best -- --port 8080',
      summary: 'On a machine that lacks a layer, with arguments for the host',
    },
    {
      command: `enclos run --sgx enclave.signed.so --edl enclave.edl --ocalls ocalls.ts --call 'add {"a": 20, "b": 22}'`,
      summary: 'Run a signed enclave of another SDK, and make a call',
    },
    {
      command: 'enclos run ./server --listen web=8080 --connect db=db.example:5432 -- -v',
      summary: 'Run a static program with these connections and an argument',
    },
    { command: 'enclos run --json', summary: 'Write what happens for a script, one JSON object a line' },
  ],
  exitCodes: {
    1: 'The platform or the enclave failed. Every other code comes from the host program.',
    3: 'The platform refused the image or its interpreter.',
  },
  async run(input, context) {
    const { io, notes, progress } = context;
    const { sgx, edl, signature, debug } = input.options;
    if (sgx !== undefined || edl !== undefined || signature !== undefined) {
      const { isolation, stateFolder, platformSocket, args } = projectRun(input, context);
      const signed = { input: input.options, debug, isolation, stateFolder, platformSocket, args };
      const work = signature === undefined ? runSigned : runProgram;
      if (!input.options.json) return work(signed, context, signedEvents(context));
      return work(signed, context, jsonSignedEvents(context)).finally(printOnStandardError());
    }
    const options = { ...projectRun(input, context), debug, relayed: input.options.relayed };
    const start = async (of: RunOptions, changed: Partial<RunEvents> = {}): Promise<RunOutcome> => {
      if (input.options.json) {
        const events = eventLines(io.stdout, (label, work) => progress.during(label, work));
        const outcome = await run({ ...of, output: 'stderr' }, io, { ...events, ...changed });
        events.ended(outcome.exitCode);
        return outcome;
      }
      const { events, running } = runNotes(context);
      return run(of, io, {
        ...events,
        running,
        platform: (description) => platformBanner(description, notes),
        starting: () => undefined,
        ...changed,
      });
    };
    const { listen, connect } = input.options;
    if (!(await isProgramFile(options.folder))) {
      if (listen.length + connect.length === 0) return start(options);
      refuseUsage('--listen and --connect are for a program. In a project, enclave.json declares them.');
    }
    const project = await loneProject(options.folder, { listen, connect, args: input.rest });
    try {
      // Its key is removed with the folder, so there is nothing to say of it.
      const changed = { newKey: () => undefined };
      return await start({ ...options, folder: project.folder, args: project.hostArguments }, changed);
    } finally {
      await project.remove();
    }
  },
  exitCode: ({ exitCode }) => exitCode,
});
