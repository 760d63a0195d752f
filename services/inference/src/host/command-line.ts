import { addressIn, parseCommand, usageLine, type NetworkAddress } from '@enclos/command-line';
import { hostCommand, program } from './host-command.ts';

export interface ServiceOptions {
  /** The folder with the files of models. */
  readonly models: string;
  /** The folder of sealed state; needed for a catalogue, and for keys that are kept. */
  readonly state?: string | undefined;
  /** Where key services are reached. */
  readonly keyBroker?: NetworkAddress | undefined;
  readonly attestationService?: NetworkAddress | undefined;
  readonly listen: NetworkAddress;
  /** Names that lead to replicas of this service. Default: none. */
  readonly replicas?: readonly NetworkAddress[] | undefined;
  /** Where other replicas reach this one. Default: any port of this machine. */
  readonly listenReplicas?: NetworkAddress | undefined;
  /** Health and metrics, over plain HTTP. */
  readonly admin: NetworkAddress;
}

/**
 * Reads the command line of the host.
 * @returns undefined when it asks for help
 * @throws INFERENCE_USAGE
 */
export function parseCommandLine(argv: readonly string[]): ServiceOptions | undefined {
  const parsed = parseCommand({ ...program, command: hostCommand }, argv);
  if (parsed === undefined) return undefined;
  const { listen, admin, models, state, replicas } = parsed.input.options;
  const {
    'key-broker': keyBroker,
    'attestation-service': attestationService,
    'listen-replicas': listenReplicas,
  } = parsed.input.options;
  return Object.freeze({
    models,
    state,
    keyBroker: keyBroker === undefined ? undefined : addressOf(keyBroker, '--key-broker'),
    attestationService:
      attestationService === undefined ? undefined : addressOf(attestationService, '--attestation-service'),
    listen: addressOf(listen, '--listen'),
    replicas: replicas.map((address) => addressOf(address, '--replicas')),
    listenReplicas: addressOf(listenReplicas, '--listen-replicas'),
    admin: addressOf(admin, '--admin'),
  });
}

function addressOf(value: string, option: string): NetworkAddress {
  const address = addressIn(value);
  if (address !== undefined) return address;
  return program.refuse(`${option} is HOST:PORT, not ${JSON.stringify(value)}.`, usageLine(program.name, hostCommand));
}
