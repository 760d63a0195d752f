import { z } from 'zod';
import { autoscalingProblem, autoscalingSchema } from './autoscaling.ts';
import { parseImageReference } from '../lint/image-reference.ts';
import { parseQuantity } from '@enclos/kubernetes-schema';

/** Where the pods run. */
export const profiles = ['software', 'sgx', 'aks-sgx', 'aks-snp', 'podman'] as const;
export type ProfileName = (typeof profiles)[number];
const workloadKinds = ['Deployment', 'StatefulSet', 'Job'] as const;

const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits and hyphens, at most 63');
/** Shorter, since Kubernetes makes names of pods, and deploy a second Service, by adding to it. */
const workloadName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?$/, 'expected lower-case letters, digits and hyphens, at most 52');
/** Names of ports are shorter (IANA service names), and have a letter. */
const portName = z
  .string()
  .regex(
    /^(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/,
    'expected lower-case letters, digits and hyphens, at most 15',
  );
const port = z.int().min(1).max(65_535);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits in lower case');
const word = z.string().max(63);
const labels = z.record(z.string().max(317), word);
const absolutePath = z
  .string()
  .max(1024)
  .regex(
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/:\u0000-\u001F\u007F-\u009F]+)+$/,
    'expected an absolute path without ".", ".." or a slash at the end',
  );
const quantity = z
  .union([z.int().min(0), z.string().max(64)])
  .refine((value) => parseQuantity(String(value)) !== undefined, 'expected a quantity such as "500m" or "256Mi"');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, 'expected the name of an environment variable');

const peer = z.strictObject({
  podLabels: labels
    .optional()
    .describe('Pods with these labels, in the same namespace unless namespaceLabels is given.'),
  namespaceLabels: labels.optional().describe('Pods of namespaces with these labels.'),
  cidr: z
    .union([z.cidrv4(), z.cidrv6()], { error: 'expected a network such as "10.0.0.0/8"' })
    .optional()
    .describe('Addresses outside the cluster.'),
});

const listen = z.strictObject({
  name: portName,
  port,
  from: z
    .array(peer)
    .max(64)
    .optional()
    .describe(
      'The peers that may connect. Default: pods of the namespace; with a service type other than ClusterIP, everyone.',
    ),
});
const connect = z.strictObject({
  name: label,
  host: z.string().min(1).max(253).describe('A host name or an address.'),
  port,
  to: z
    .array(peer)
    .min(1)
    .max(64)
    .optional()
    .describe(
      'The host as a network policy sees it, without names. Default: the address; for a name, the port of every host.',
    ),
});

const action = z.strictObject({
  tcp: z.string().optional().describe('The name of a port in listen: the probe succeeds when it accepts connections.'),
  http: z
    .strictObject({
      port: z.string(),
      path: z.string().startsWith('/').max(1024),
      scheme: z
        .enum(['HTTP', 'HTTPS'])
        .optional()
        .describe('HTTPS for a port that speaks TLS; the kubelet does not verify the certificate. Default: HTTP.'),
    })
    .optional(),
  command: z.array(z.string().max(4096)).min(1).max(64).optional(),
  initialDelaySeconds: z.int().min(0).max(3600).optional(),
  periodSeconds: z.int().min(1).max(3600).optional(),
  timeoutSeconds: z.int().min(1).max(3600).optional(),
  failureThreshold: z.int().min(1).max(1000).optional(),
});

const volume = z.strictObject({
  name: label,
  target: absolutePath.describe('Where the container sees it.'),
  type: z
    .enum(['ephemeral', 'memory', 'persistent', 'secret', 'configMap'])
    .describe(
      'ephemeral and memory (a tmpfs; not with podman) end with the pod. persistent is a claim. Each pod of a StatefulSet has its own, unless from names one for all; the only pod of a Deployment ends before the next one starts.',
    ),
  from: label.optional().describe('The name of the claim, secret or config map. Default: the name of the volume.'),
  size: quantity.optional().describe('The largest size in bytes; for a claim, the size that it asks for.'),
  readOnly: z.boolean().optional(),
});

const toleration = z.strictObject({
  key: z.string().max(317).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: word.optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
});

const enclave = z.strictObject({
  mrEnclave: hex32,
  mrSigner: hex32,
  productId: z.int().min(0).max(65_535),
  securityVersion: z.int().min(0).max(65_535),
  debug: z.boolean().optional(),
});

const fingerprints = z.array(hex32).min(1).max(64);

const softwareRoots = z.strictObject({
  fingerprints: fingerprints.describe('SHA-256 of each root, as in softwareRoots of a policy. Get it from the vendor.'),
  pem: z
    .string()
    .max(1024)
    .optional()
    .describe('A file with the certificates of these roots, relative to deploy.json.'),
});

/** `deploy.json`: how an image runs. It is neither measured nor trusted. Unknown keys are errors. */
export const deploySchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: workloadName.describe('The name of every object that is written.'),
    profile: z.enum(profiles).optional().describe('Where the pods run. Default: software.'),
    kind: z.enum(workloadKinds).optional().describe('Default: Deployment.'),
    namespace: label.optional().describe('Default: the one that kubectl uses.'),
    image: z
      .string()
      .refine((text) => parseImageReference(text) !== undefined, 'expected an image reference, NAME@sha256:DIGEST')
      .optional()
      .describe('The image, by digest. `--image` overrides it.'),
    enclave: z
      .union([enclave, z.literal('none')])
      .optional()
      .describe(
        'What the labels of the image say about its enclave, written into annotations of the pods. "none" is for pods that start no enclave, such as clients: they get no device, no EPC and no quote provider.',
      ),
    command: z.array(z.string().max(4096)).max(256).optional().describe('Replaces the entry point of the image.'),
    args: z.array(z.string().max(4096)).max(256).optional(),
    env: z
      .record(
        variable,
        z.union([
          z.string().max(131_072),
          z.strictObject({ secret: label, key: z.string().max(253) }),
          z.strictObject({ configMap: label, key: z.string().max(253) }),
        ]),
      )
      .optional()
      .describe('Variables of the host part: values, or keys of secrets and config maps.'),
    resources: z
      .record(z.string().max(317), quantity)
      .optional()
      .describe('Limits: cpu, memory, and EPC in any of its three spellings. Requests are equal.'),
    quoteProvider: z
      .enum(['aesmd', 'in-process', 'none'])
      .optional()
      .describe(
        'What makes quotes on SGX: the aesmd of the node, or the process itself with the provisioning device. Default: aesmd.',
      ),
    deviceGroups: z
      .array(z.int().min(1).max(65_535))
      .max(16)
      .optional()
      .describe('Groups of the node that own the SGX devices, such as sgx_prv.'),
    replicas: z.int().min(0).max(1000).optional().describe('Number of pods; for a Job, of pods at once. Default: 1.'),
    autoscaling: autoscalingSchema
      .optional()
      .describe('Has the cluster choose the number of pods. The manifests then name none.'),
    listen: z
      .array(listen)
      .max(64)
      .optional()
      .describe('Ports that the host part listens on. Default: those of enclave.json.'),
    connect: z
      .array(connect)
      .max(64)
      .optional()
      .describe('Destinations of the host part, which can reach nothing else. Default: those of enclave.json.'),
    service: z
      .strictObject({
        type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
        headless: z
          .boolean()
          .optional()
          .describe(
            'Also a Service NAME-pods, whose name leads to the addresses of all pods: for pods that look for each other. A StatefulSet has one by its own name.',
          ),
        annotations: z.record(z.string().max(317), z.string().max(4096)).optional(),
      })
      .optional()
      .describe('How clients find the ports. Default: ClusterIP.'),
    probes: z
      .strictObject({ startup: action.optional(), readiness: action.optional(), liveness: action.optional() })
      .optional()
      .describe('Default: ready when the first port accepts connections.'),
    volumes: z.array(volume).max(64).optional(),
    softwareRoots: z
      .union([fingerprints, softwareRoots, z.literal('present')])
      .optional()
      .describe(
        'Roots of software platforms that these pods accept as verifiers: a list of fingerprints as in a policy, or an object that also names their certificates. They are written as the config map enclos-software-roots. "present" when it is in the cluster already.',
      ),
    spread: z
      .enum(['none', 'node', 'zone'])
      .optional()
      .describe('What pods are spread over. Default: node, with more than one pod.'),
    maxUnavailable: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Pods that may be evicted at once. Default: 1, with more than one pod.'),
    nodeSelector: labels.optional(),
    tolerations: z.array(toleration).max(64).optional().describe('In addition to those of the profile.'),
    imagePullSecrets: z.array(label).max(16).optional(),
    serviceAccountAnnotations: z.record(z.string().max(317), z.string().max(4096)).optional(),
    terminationGracePeriodSeconds: z.int().min(0).max(3600).optional().describe('Default: 30.'),
    job: z
      .strictObject({
        backoffLimit: z
          .int()
          .min(0)
          .max(100)
          .optional()
          .describe(
            'How many failed pods are made again. By default none in which a program ended with an error, and six that the node refused before a program ran.',
          ),
        deadlineSeconds: z.int().min(1).optional(),
        keepSeconds: z.int().min(0).optional().describe('How long a finished Job stays.'),
      })
      .optional(),
  })
  .superRefine((settings, context) => checkTogether(settings, context));

export type DeploySettings = z.infer<typeof deploySchema>;
export type Peer = z.infer<typeof peer>;
export type ProbeAction = z.infer<typeof action>;
export type VolumeSettings = z.infer<typeof volume>;

interface IssueSink {
  addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[] }): void;
}

/** Volumes that profiles add. */
const reservedVolumes = ['provider', 'roots'];

/** The rules that span several keys. */
function checkTogether(settings: DeploySettings, sink: IssueSink): void {
  const fail = (path: PropertyKey[], message: string): void => sink.addIssue({ code: 'custom', message, path });
  for (const key of ['listen', 'connect', 'volumes'] as const) {
    const names = (settings[key] ?? []).map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) fail([key, index, 'name'], `the name "${name}" is used twice`);
    }
  }
  for (const [index, { name, target }] of (settings.volumes ?? []).entries()) {
    const first = settings.volumes?.findIndex((other) => other.target === target);
    if (first !== index) fail(['volumes', index, 'target'], `"${target}" is used twice`);
    if (reservedVolumes.includes(name)) fail(['volumes', index, 'name'], `the name "${name}" is taken by the profiles`);
  }
  checkProbes(settings, fail);
  const scaling = settings.autoscaling && autoscalingProblem(settings.autoscaling, settings);
  if (scaling !== undefined) fail(['autoscaling'], scaling);
  for (const key of ['listen', 'connect'] as const) {
    for (const [index, entry] of (settings[key] ?? []).entries()) {
      const list = 'from' in entry ? 'from' : 'to';
      const peers = 'from' in entry ? entry.from : 'to' in entry ? entry.to : undefined;
      for (const [at, one] of (peers ?? []).entries()) {
        const byLabel = one.podLabels !== undefined || one.namespaceLabels !== undefined;
        if (byLabel === (one.cidr !== undefined)) fail([key, index, list, at], 'expected either labels or a cidr');
      }
    }
  }
}

function checkProbes(
  { probes = {}, listen: ports }: DeploySettings,
  fail: (path: PropertyKey[], message: string) => void,
): void {
  for (const [name, probe] of Object.entries(probes)) {
    const { tcp, http, command } = probe ?? {};
    const count = [tcp, http, command].filter((one) => one !== undefined).length;
    if (count !== 1) fail(['probes', name], 'expected one of tcp, http and command');
    const named = tcp ?? http?.port;
    // The ports of enclave.json are not known here; planning knows them.
    if (named !== undefined && ports !== undefined && !ports.some((one) => one.name === named)) {
      fail(['probes', name], `there is no port "${named}" in listen`);
    }
  }
}

/** The JSON Schema (draft 2020-12) that editors use, as published in `schema/deploy.schema.json`. */
export function deploySchemaDocument(): Record<string, unknown> {
  return {
    title: 'Enclos deployment (deploy.json)',
    ...z.toJSONSchema(deploySchema, { io: 'input', target: 'draft-2020-12' }),
  };
}
