import { at, isMap, isTrue, itemsOf, keyOf, textOf } from '@enclos/kubernetes-schema/yaml';
import { aesmdFolder, cleanPath, type EnclavePod } from '../enclave-pod.ts';
import type { Report } from '../report.ts';

/** Ways from a pod with enclaves to its node. Pods without, such as device plugins, are not looked at. */
export function checkBoundary(pod: EnclavePod, report: Report): void {
  if (!pod.holdsEnclaves) return;
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (isTrue(at(pod.spec, name))) report('POD_HOST_NAMESPACE', keyOf(pod.spec, name), `${name}: true`);
  }
  for (const { node } of pod.members) checkContext(at(node, 'securityContext'), report);
  checkUnconfined(at(pod.spec, 'securityContext'), report);
  checkHostPaths(pod, report);
}

/** What the container runtimes leave a container by default, and no more. */
const harmless = new Set(
  [
    'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE',
    'SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
  ].flatMap((line) => line.split(' ')),
);

function checkContext(context: ReturnType<typeof at>, report: Report): void {
  if (!isMap(context)) return;
  for (const name of ['privileged', 'allowPrivilegeEscalation']) {
    if (isTrue(at(context, name))) report('POD_PRIVILEGED', keyOf(context, name), `${name}: true`);
  }
  for (const capability of itemsOf(at(context, 'capabilities', 'add'))) {
    const name = textOf(capability)?.toUpperCase().replace(/^CAP_/, '') ?? '';
    if (!harmless.has(name)) report('POD_PRIVILEGED', capability, `the capability ${name}`);
  }
  if (textOf(at(context, 'procMount')) === 'Unmasked') {
    report('POD_PRIVILEGED', keyOf(context, 'procMount'), 'procMount: Unmasked');
  }
  checkUnconfined(context, report);
}

function checkUnconfined(context: ReturnType<typeof at>, report: Report): void {
  for (const name of ['seccompProfile', 'appArmorProfile']) {
    const profile = at(context, name);
    if (!isMap(profile) || textOf(at(profile, 'type')) !== 'Unconfined') continue;
    report('POD_PRIVILEGED', keyOf(profile, 'type'), `${name}: Unconfined`, 'Use RuntimeDefault.');
  }
}

/** Folders of sockets that quote providers and software platforms serve on a node. */
const providers = [aesmdFolder, '/run/aesmd', '/run/enclos', '/var/run/enclos'];
const device = /^\/dev\/(?:sgx(?:$|[/_])|isgx$)/;

function checkHostPaths({ volumes }: EnclavePod, report: Report): void {
  for (const { hostPath } of volumes) {
    if (hostPath === undefined) continue;
    const path = cleanPath(hostPath.path);
    if (device.test(path)) report('SGX_DEVICE_MOUNTED', hostPath.span, `${path} is mounted from the node`);
    else if (!isProvider(path)) report('POD_HOST_PATH', hostPath.span, `${path || 'a path'} of the node is mounted`);
  }
}

function isProvider(path: string): boolean {
  const climbs = path.split('/').includes('..');
  return !climbs && providers.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
