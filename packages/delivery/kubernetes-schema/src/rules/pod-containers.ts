import type { View } from '../view/view.ts';
import { checkUnique, forbid } from '../view/rule.ts';

/** What a container may have depends on its list, and on its pod. */
export function checkContainerPodRules(pod: View, list: string, container: View): void {
  if (list === 'initContainers' && container.text('restartPolicy') !== 'Always') {
    const words = 'is for init containers with restartPolicy: Always';
    forbid(container, ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'], words);
  }
  if (list === 'ephemeralContainers') {
    const words = 'is not for ephemeral containers';
    forbid(container, ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'], words);
  }
  checkHostPorts(pod, list, container);
  checkSleep(pod, container);
  if (container.text('securityContext', 'procMount') === 'Unmasked' && !pod.isFalse('hostUsers')) {
    const context = container.child('securityContext');
    context?.conflict('procMount', 'is Unmasked, and hostUsers is not false', 'Set hostUsers: false in the pod.');
  }
  if (container.has('lifecycle', 'stopSignal') && pod.text('os', 'name') === '') {
    container
      .child('lifecycle')
      ?.conflict('stopSignal', 'needs os.name in the pod', 'Add os: {name: linux} to the pod.');
  }
  for (const policy of container.each('resizePolicy')) {
    if (pod.text('restartPolicy') !== 'Never' || policy.text('restartPolicy') !== 'RestartContainer') continue;
    policy.conflict('restartPolicy', 'is RestartContainer in a pod with restartPolicy: Never');
  }
  checkUnique(
    pod,
    container.each('resizePolicy').map((policy) => ({ text: policy.text('resourceName'), span: policy.span })),
    (key) => `${container.path} has two resize policies for ${key}`,
  );
}

function checkHostPorts(pod: View, list: string, container: View): void {
  const ports = container.each('ports');
  if (pod.isTrue('hostNetwork') && list === 'containers') {
    for (const port of ports) {
      const [outside, inside] = [port.number('hostPort') ?? 0, port.number('containerPort')];
      if (outside === 0 || outside === inside) continue;
      port.conflict('hostPort', `is ${outside}, and with hostNetwork it must be the containerPort`, 'Remove hostPort.');
    }
  }
  checkUnique(
    pod,
    ports.map((port) => {
      const number = port.number('hostPort') ?? 0;
      return {
        text: number === 0 ? '' : `${port.textOr('protocol', 'TCP')}/${port.text('hostIP')}/${number}`,
        span: port.valueSpan('hostPort'),
      };
    }),
    (key) => `${container.path} has the host port ${key} twice`,
  );
}

const usualGraceSeconds = 30;

function checkSleep(pod: View, container: View): void {
  const grace = pod.number('terminationGracePeriodSeconds') ?? usualGraceSeconds;
  for (const when of ['postStart', 'preStop']) {
    const sleep = container.child('lifecycle')?.child(when)?.child('sleep');
    const seconds = sleep?.number('seconds') ?? 0;
    // A negative period is replaced by one second.
    if (sleep === undefined || (seconds >= 0 && seconds <= Math.max(grace, grace < 0 ? 1 : 0))) continue;
    sleep.conflict('seconds', `is ${seconds}, and the pod has ${grace} seconds to end`);
  }
}

/** The names that rules about one container may use. */
export function containerNamesOf(spec: View | undefined): ReadonlySet<string> {
  const containers = ['containers', 'initContainers'].flatMap((list) => spec?.each(list) ?? []);
  return new Set(containers.map((one) => one.text('name')));
}
