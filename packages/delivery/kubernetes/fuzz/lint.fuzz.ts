import { lintManifests } from '../src/lint/index.ts';

const seed = (text: string): Uint8Array => new TextEncoder().encode(text);

export const seeds: readonly Uint8Array[] = [
  seed(`apiVersion: apps/v1
kind: Deployment
metadata: &m {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}, annotations: {sgx.intel.com/quote-provider: aesmd}}
    spec:
      nodeSelector: {node.kubernetes.io/instance-type: Standard_DC4s_v3}
      tolerations: [{key: sgx.intel.com/epc, operator: Exists, effect: NoSchedule}]
      containers:
        - name: app
          image: registry.example/app:1.0
          env: [{name: SGX_AESM_ADDR, value: "1"}]
          resources: {limits: {sgx.intel.com/epc: 10Mi}, requests: {sgx.intel.com/epc: 5Mi}}
          volumeMounts: [{name: socket, mountPath: /var/run/aesmd}]
      volumes: [{name: socket, hostPath: {path: /var/run/aesmd}}]
---
apiVersion: v1
kind: Node
metadata: {<<: *m}
spec: {taints: [{key: a, effect: NoSchedule}]}
status: {allocatable: {sgx.intel.com/epc: 64Mi}}
`),
  seed(`apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: hook}
webhooks:
  - name: pods.example.com
    clientConfig: {caBundle: Cg==}
    rules: [{apiGroups: [""], resources: [pods]}]
`),
  seed('a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n--- |\n  text\n...\n'),
];

const now = new Date('2026-11-26T00:00:00Z');

/** Whatever the text is: findings that point into it, and no error. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder().decode(data);
  const { findings } = lintManifests([{ name: 'fuzz.yaml', text }], { now });
  for (const { line, column, length = 1 } of findings) {
    if (line < 1 || column < 1 || length < 1) throw new Error('A finding outside of the text.');
  }
}
