import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { hexOption, stateFolderOf, stateOption } from '@enclos/cli-frame/options';
import { renderFacts } from '@enclos/cli-frame/output';
import { addressIn, createPrinter, type NetworkAddress } from '@enclos/command-line';
import { serve } from './serve-platform.ts';
import { auditOption } from './audit-option.ts';
import { separationOf, separationOptions } from './separation-options.ts';

export const command = defineCommand({
  description: [
    'Runs the machine of a state folder as a platform, on a Unix socket, for `enclos run --platform SOCKET` and other hosts.',
    'When the folder also has the vendor, its collateral is served over HTTP in the shape of Intel’s PCS v4; it is signed and public, so plain HTTP is enough.',
    '',
    'SIGINT or SIGTERM ends the platform and every enclave on it.',
    '',
    'With --separated, hosts cannot read the platform or its enclaves, and the TCB status of the evidence is UpToDate.',
    'Root runs the platform, from an installation, a state folder, and folders for sockets and interpreter that only root can change.',
    'Each host user connects at host-UID.sock in the runtime folder, which no other user can.',
    'Each enclave runs as a user of the range that no other process has; the hosts get equal parts of the range.',
    'The users need no entry in a database.',
    'The machine must have been made with `enclos platform init --separated`.',
    '',
    'With --audit, everything that hosts and enclaves ask for is recorded, in a log that `enclos platform audit verify` checks.',
    'A request that cannot be recorded is refused.',
    '',
    'With --provision-signer, signed SGX images of that signer get keys of the machine itself when their signature asks for it, as the provisioning enclaves of Intel do; without it no image does.',
  ],
  arguments: {},
  options: {
    state: stateOption,
    ...separationOptions,
    socket: { type: 'string', value: 'PATH', summary: 'The socket, instead of platform.sock in the state folder' },
    listen: {
      type: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:8081',
      summary: 'Where the collateral is served',
    },
    audit: auditOption,
    'provision-signer': {
      type: 'string',
      value: 'MRSIGNER',
      multiple: true,
      summary: 'Let SGX images of this signer have PROVISIONKEY',
    },
  },
  examples: [
    { command: 'enclos platform serve', summary: 'Serve the platform of this user' },
    { command: 'enclos platform serve --audit /var/log/enclos/audit.log', summary: 'Record what is done' },
    {
      command: 'enclos platform serve --state /srv/enclos --listen 0.0.0.0:8081',
      summary: 'Serve collateral to a network',
    },
    {
      command: 'enclos platform serve --state /srv/enclos --separated --host-user 60000 --enclave-users 61000-61255',
      summary: 'As root: serve user 60000, and run each enclave as a separate user',
    },
  ],
  exitCodes: { 1: 'The machine is not enrolled.', 3: 'The interpreter is not the pinned one.' },
  async run({ options }, context) {
    const { state, socket, listen, audit, 'provision-signer': signers, ...separating } = options;
    const { io, path, progress } = context;
    const separation = separationOf(separating, path);
    if (separation !== undefined && socket !== undefined) {
      refuseUsage('--socket does not go with --separated: each host user has a socket in the folder of --runtime.');
    }
    const served = await progress.during('starting the platform', () =>
      serve({
        stateFolder: stateFolderOf(state, context),
        listen: parseAddress(listen),
        now: io.now,
        socketPath: path(socket),
        auditFile: path(audit),
        separation,
        provisionSigners: signers?.map((signer) => hexOption('--provision-signer', signer, 32)),
      }),
    );
    const printer = createPrinter(io.stdout);
    const { collateralUrl = 'not served: the vendor is elsewhere', missingLayers } = served;
    printer.line('The platform is ready.');
    renderFacts(
      [
        ...served.sockets.map((each): [string, string] => [
          each.user === undefined ? 'socket' : `socket of user ${each.user}`,
          each.path,
        ]),
        ['collateral', collateralUrl],
        ['root fingerprint', served.rootFingerprint],
        ['separation', served.separation],
        ['isolation', missingLayers.length === 0 ? 'complete' : `without ${missingLayers.join(', ')}`],
      ],
      printer,
    );
    await new Promise<void>((resolve) => {
      const stop = io.onSignal(() => {
        stop();
        resolve();
      });
    });
    await served.close();
  },
});

function parseAddress(text: string): NetworkAddress {
  const address = addressIn(text);
  return address ?? refuseUsage(`--listen is HOST:PORT, such as 127.0.0.1:8081, not ${JSON.stringify(text)}.`);
}
