import {
  at,
  isMap,
  itemsOf,
  keyOf,
  type MapNode,
  mapsOf,
  numberOf,
  textOf,
  type YamlNode,
} from '@enclos/kubernetes-schema/yaml';
import type { EnclaveContainer, EnclavePod } from '../enclave-pod.ts';
import { enclavePortsOf, listenersAnnotation, listenVariable } from '../listeners.ts';
import type { Report } from '../report.ts';
import { checkProbeTimes } from './probe-times.ts';

const probeNames = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;

/** A probe that connects to a port. */
interface NetworkProbe {
  readonly name: (typeof probeNames)[number];
  readonly kind: 'httpGet' | 'tcpSocket' | 'grpc';
  readonly action: MapNode;
  /** What stands there, to point at. */
  readonly port: YamlNode;
  /** Undefined for a name that the container does not have. */
  readonly number: number | undefined;
  readonly portName: string | undefined;
}

interface DeclaredPort {
  readonly name: string | undefined;
  readonly number: number | undefined;
}

/** Probes that cannot succeed, as far as the manifest says. */
export function checkProbes(pod: EnclavePod, report: Report): void {
  const declared = new Set(pod.members.flatMap(portsOf).flatMap(({ number }) => number ?? []));
  const enclavePorts = enclavePortsOf(pod);
  for (const member of pod.members) {
    const ports = portsOf(member);
    for (const probe of probesOf(member, ports)) {
      checkPort(probe, ports, report);
      if (!pod.holdsEnclaves) continue;
      checkDeclared(probe, declared, report);
      checkProtocol(probe, enclavePorts, report);
      checkAddress(probe, member, report);
    }
  }
  checkProbeTimes(pod, report);
  if (enclavePorts.size > 0) checkVariable(pod, report);
}

function portsOf({ node }: EnclaveContainer): readonly DeclaredPort[] {
  return mapsOf(at(node, 'ports')).map((port) => ({
    name: textOf(at(port, 'name')),
    number: numberOf(at(port, 'containerPort')),
  }));
}

function probesOf(member: EnclaveContainer, ports: readonly DeclaredPort[]): readonly NetworkProbe[] {
  return probeNames.flatMap((name) =>
    (['httpGet', 'tcpSocket', 'grpc'] as const).flatMap((kind): NetworkProbe[] => {
      const action = at(member.node, name, kind);
      const port = at(action, 'port');
      if (!isMap(action) || port === undefined) return [];
      const text = textOf(port);
      const own = ports.find((one) => (text === undefined ? one.number === numberOf(port) : one.name === text));
      // Digits in quotes are a value that the field does not take, which the check of the fields reports.
      const written = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : numberOf(port);
      return [{ name, kind, action, port, number: own?.number ?? written, portName: own?.name }];
    }),
  );
}

function checkPort({ name, port, number }: NetworkProbe, ports: readonly DeclaredPort[], report: Report): void {
  const text = textOf(port);
  if (text === undefined || number !== undefined || ports.some((one) => one.name === text)) return;
  const names = ports.flatMap((one) => (one.name === undefined ? [] : [one.name]));
  const fix = names.length === 0 ? undefined : `Ports of this container: ${names.slice(0, 10).join(', ')}.`;
  report(
    'PROBE_PORT_UNKNOWN',
    port,
    `${name} asks the port "${text.slice(0, 63)}", which the container does not have`,
    fix,
  );
}

/** Containers of a pod share an address, so that the port may be that of another one. */
function checkDeclared({ name, port, number }: NetworkProbe, declared: ReadonlySet<number>, report: Report): void {
  if (number === undefined || declared.size === 0 || declared.has(number)) return;
  const text = `${name} asks port ${number}, and the pod declares ${[...declared].slice(0, 10).join(', ')}`;
  report('PROBE_PORT_UNDECLARED', port, text);
}

function checkProtocol(
  { name, kind, action, port, number, portName }: NetworkProbe,
  enclavePorts: ReadonlyMap<number, string>,
  report: Report,
): void {
  if (kind === 'tcpSocket' || number === undefined) return;
  if (kind === 'httpGet' && textOf(at(action, 'scheme')) === 'HTTPS') return;
  const listener = enclavePorts.get(number);
  const isTls = listener !== undefined || portName === 'https' || portName === 'tls';
  if (!isTls) return;
  const where =
    listener === undefined ? `which is named "${portName ?? ''}"` : `where TLS ends in the enclave ("${listener}")`;
  const speaks = kind === 'grpc' ? 'gRPC without TLS' : 'plain HTTP';
  report('PROBE_PROTOCOL', port, `${name} speaks ${speaks} to port ${number}, ${where}`);
}

const loopback = /^(?:127(?:\.\d{1,3}){3}|localhost|::1|\[::1\])$/i;

function checkAddress({ name, action, number }: NetworkProbe, member: EnclaveContainer, report: Report): void {
  const host = at(action, 'host');
  if (host !== undefined && loopback.test(textOf(host) ?? '')) {
    report('PROBE_LOOPBACK', host, `${name} connects to ${textOf(host)}, which is the node`, 'Remove host.');
    return;
  }
  const listen = member.environment.get(listenVariable);
  if (listen !== undefined && loopback.test(listen.text)) {
    report(
      'PROBE_LOOPBACK',
      listen.span,
      `${listenVariable} is ${listen.text}, and ${name} connects to the pod's address`,
    );
    return;
  }
  const place = number === undefined ? undefined : loopbackPlaceOf(member, number);
  if (place === undefined) return;
  report(
    'PROBE_LOOPBACK',
    place.span,
    `"${place.text}" is where the program listens, and ${name} connects to the pod's address`,
  );
}

/** A word or a variable of a container that is an address of the loopback interface with this port. */
function loopbackPlaceOf({ node, environment }: EnclaveContainer, port: number) {
  const words = ['command', 'args'].flatMap((list) =>
    itemsOf(at(node, list)).map((span) => ({ span, text: textOf(span) ?? '' })),
  );
  const isPlace = (text: string): boolean => {
    const [, host = '', written = ''] = /^(?:--[a-z-]{1,40}=)?(?:https?:\/\/)?(.{3,45}):(\d{1,5})$/.exec(text) ?? [];
    return Number(written) === port && loopback.test(host);
  };
  // A variable may name what the program connects to; a word after --listen does not.
  return [
    ...words,
    ...[...environment].filter(([name]) => /LISTEN|ADDRESS|BIND/.test(name)).map(([, one]) => one),
  ].find(({ text }) => isPlace(text));
}

/** Host programs of the SDK listen on 127.0.0.1 unless the variable says otherwise. */
function checkVariable(pod: EnclavePod, report: Report): void {
  const isSet = pod.members.some(
    ({ environment, node }) => environment.has(listenVariable) || at(node, 'envFrom') !== undefined,
  );
  if (isSet) return;
  const annotation = pod.annotations.get(listenersAnnotation);
  const span = annotation?.key ?? keyOf(pod.spec, 'containers');
  report('LISTEN_ADDRESS_MISSING', span, `the enclave listens, and no container sets ${listenVariable}`);
}
