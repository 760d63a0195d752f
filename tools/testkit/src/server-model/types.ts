/**
 * The fields of the kinds that we write, as the Go types of Kubernetes 1.34 have them (k8s.io/api). One type a line, with
 * `field:type`:
 *
 * - `s`, `b`, `i`: text, boolean, whole number. A zero value is not kept (`omitempty`), unless the field is a pointer: `s*`.
 * - `x`: a whole number or text. `q`: a quantity. `{q}`: amounts of resources. `{s}`: a map. `y`: bytes in base64. `?`: anything.
 * - `[T]`: a list that is replaced whole. `[T/key]`: one whose items are merged by a key (patchMergeKey).
 * - `T`: a type of its own line, kept even when it is empty. `T!`: one that a patch replaces whole.
 * - `=word`: the default.
 */
const table = `
ServiceAccount automountServiceAccountToken:b* imagePullSecrets:[Reference]
ConfigMap data:{s} binaryData:{y} immutable:b*
Secret type:s=Opaque data:{y} stringData:{s} immutable:b*
Namespace spec:NamespaceSpec=
NamespaceSpec finalizers:[s]
PriorityClass value:i globalDefault:b description:s preemptionPolicy:s*=PreemptLowerPriority
NetworkPolicy spec:NetworkPolicySpec
NetworkPolicySpec podSelector:Selector= ingress:[IngressRule] egress:[EgressRule] policyTypes:[s]
IngressRule ports:[NetworkPort] from:[Peer]
EgressRule ports:[NetworkPort] to:[Peer]
NetworkPort protocol:s*=TCP port:x endPort:i*
Peer podSelector:Selector namespaceSelector:Selector ipBlock:IPBlock
IPBlock cidr:s except:[s]
Selector matchLabels:{s} matchExpressions:[Requirement]
Requirement key:s operator:s values:[s]
Service spec:ServiceSpec
ServiceSpec ports:[ServicePort/port] selector:{s} clusterIP:s clusterIPs:[s] type:s=ClusterIP sessionAffinity:s=None
 externalTrafficPolicy:s internalTrafficPolicy:s*=Cluster publishNotReadyAddresses:b ipFamilies:[s] ipFamilyPolicy:s*
 allocateLoadBalancerNodePorts:b* loadBalancerClass:s* loadBalancerSourceRanges:[s] healthCheckNodePort:i
ServicePort name:s protocol:s=TCP appProtocol:s* port:i targetPort:x nodePort:i
PodDisruptionBudget spec:BudgetSpec
BudgetSpec minAvailable:x maxUnavailable:x selector:Selector! unhealthyPodEvictionPolicy:s*
Deployment spec:DeploymentSpec
DeploymentSpec replicas:i*=1 selector:Selector template:Template strategy:DeploymentStrategy= minReadySeconds:i
 revisionHistoryLimit:i*=10 paused:b progressDeadlineSeconds:i*=600
DeploymentStrategy type:s=RollingUpdate rollingUpdate:Rolling
Rolling maxUnavailable:x maxSurge:x partition:i*
DaemonSet spec:DaemonSetSpec
DaemonSetSpec selector:Selector template:Template updateStrategy:DaemonSetStrategy= minReadySeconds:i revisionHistoryLimit:i*=10
DaemonSetStrategy type:s=RollingUpdate rollingUpdate:Rolling
StatefulSet spec:StatefulSetSpec
StatefulSetSpec replicas:i*=1 selector:Selector template:Template volumeClaimTemplates:[Claim] serviceName:s
 podManagementPolicy:s=OrderedReady updateStrategy:StatefulSetStrategy= revisionHistoryLimit:i*=10 minReadySeconds:i
 persistentVolumeClaimRetentionPolicy:Retention=
StatefulSetStrategy type:s=RollingUpdate rollingUpdate:Rolling
Retention whenDeleted:s=Retain whenScaled:s=Retain
Claim apiVersion:s=v1 kind:s=PersistentVolumeClaim metadata:Metadata spec:ClaimSpec status:ClaimStatus=
ClaimSpec accessModes:[s] resources:Resources storageClassName:s* volumeMode:s*=Filesystem selector:Selector
ClaimStatus phase:s=Pending
Job spec:JobSpec
JobSpec parallelism:i* completions:i* activeDeadlineSeconds:i* backoffLimit:i*=6 ttlSecondsAfterFinished:i* completionMode:s*=NonIndexed
 suspend:b*=false manualSelector:b*=false podReplacementPolicy:s*=TerminatingOrFailed podFailurePolicy:FailurePolicy
 template:Template
FailurePolicy rules:[FailureRule]
FailureRule action:s onExitCodes:ExitCodes onPodConditions:[PodCondition]
ExitCodes containerName:s* operator:s values:[i]
PodCondition type:s status:s=True
Template metadata:Metadata= spec:PodSpec
Metadata name:s generateName:s namespace:s labels:{s} annotations:{s} finalizers:[s]
PodSpec volumes:[Volume/name] initContainers:[Container/name] containers:[Container/name] restartPolicy:s=Always
 terminationGracePeriodSeconds:i*=30 activeDeadlineSeconds:i* dnsPolicy:s=ClusterFirst nodeSelector:{s} serviceAccountName:s
 serviceAccount:s automountServiceAccountToken:b* nodeName:s hostNetwork:b hostPID:b hostIPC:b hostUsers:b* shareProcessNamespace:b*
 securityContext:PodSecurityContext= imagePullSecrets:[Reference/name] affinity:Affinity schedulerName:s=default-scheduler
 tolerations:[Toleration] priorityClassName:s runtimeClassName:s* enableServiceLinks:b* topologySpreadConstraints:[Spread/topologyKey]
 resourceClaims:[PodClaim/name]
PodClaim name:s resourceClaimName:s* resourceClaimTemplateName:s*
Reference name:s
Toleration key:s operator:s value:s effect:s tolerationSeconds:i*
Spread maxSkew:i topologyKey:s whenUnsatisfiable:s labelSelector:Selector minDomains:i*
Affinity nodeAffinity:NodeAffinity
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[Preference]
Preference weight:i preference:NodeTerm
NodeSelector nodeSelectorTerms:[NodeTerm]
NodeTerm matchExpressions:[Requirement] matchFields:[Requirement]
PodSecurityContext runAsNonRoot:b* runAsUser:i* runAsGroup:i* fsGroup:i* fsGroupChangePolicy:s* supplementalGroups:[i]
 seccompProfile:SecurityProfile appArmorProfile:SecurityProfile
SecurityProfile type:s localhostProfile:s*
Container name:s image:s command:[s] args:[s] workingDir:s ports:[ContainerPort/containerPort] env:[Variable/name]
 envFrom:[VariableSource] resources:Resources= volumeMounts:[Mount/mountPath] livenessProbe:Probe readinessProbe:Probe
 startupProbe:Probe lifecycle:Lifecycle terminationMessagePath:s=/dev/termination-log terminationMessagePolicy:s=File
 imagePullPolicy:s securityContext:SecurityContext restartPolicy:s* stdin:b tty:b
ContainerPort name:s hostPort:i containerPort:i protocol:s=TCP hostIP:s
Variable name:s value:s valueFrom:ValueSource
VariableSource prefix:s configMapRef:Key secretRef:Key
ValueSource fieldRef:FieldReference secretKeyRef:Key configMapKeyRef:Key resourceFieldRef:ResourceReference
FieldReference apiVersion:s=v1 fieldPath:s
ResourceReference containerName:s resource:s divisor:q
Key name:s key:s optional:b*
Resources limits:{q} requests:{q} claims:[ResourceClaim]
ResourceClaim name:s request:s
Mount name:s mountPath:s subPath:s readOnly:b mountPropagation:s* recursiveReadOnly:s*
Probe exec:Command httpGet:Page tcpSocket:Socket grpc:Rpc initialDelaySeconds:i timeoutSeconds:i=1 periodSeconds:i=10 successThreshold:i=1
 failureThreshold:i=3 terminationGracePeriodSeconds:i*
Lifecycle preStop:Handler postStart:Handler
Handler exec:Command httpGet:Page sleep:Sleep
Sleep seconds:i
Command command:[s]
Page path:s=/ port:x host:s scheme:s=HTTP httpHeaders:[Header]
Header name:s value:s
Socket port:x host:s
Rpc port:i service:s*
SecurityContext privileged:b* allowPrivilegeEscalation:b* readOnlyRootFilesystem:b* runAsNonRoot:b* runAsUser:i* runAsGroup:i*
 capabilities:Capabilities procMount:s* seccompProfile:SecurityProfile appArmorProfile:SecurityProfile
Capabilities add:[s] drop:[s]
Volume name:s hostPath:HostPath emptyDir:EmptyFolder secret:SecretVolume configMap:ConfigMapVolume persistentVolumeClaim:ClaimVolume
 projected:Projected
HostPath path:s type:s*=
EmptyFolder medium:s sizeLimit:q
SecretVolume secretName:s items:[Item] defaultMode:i*=420 optional:b*
ConfigMapVolume name:s items:[Item] defaultMode:i*=420 optional:b*
Item key:s path:s mode:i*
ClaimVolume claimName:s readOnly:b
Projected sources:[ProjectedSource] defaultMode:i*=420
ProjectedSource secret:ProjectedKeys configMap:ProjectedKeys serviceAccountToken:Token
ProjectedKeys name:s items:[Item] optional:b*
Token audience:s expirationSeconds:i*=3600 path:s
MutatingWebhookConfiguration webhooks:[Webhook/name]
Webhook name:s clientConfig:WebhookClient rules:[Rule] failurePolicy:s*=Fail matchPolicy:s*=Equivalent namespaceSelector:Selector=
 objectSelector:Selector= sideEffects:s* timeoutSeconds:i*=10 admissionReviewVersions:[s] reinvocationPolicy:s*=Never
 matchConditions:[Condition/name]
WebhookClient url:s* service:WebhookService caBundle:y
WebhookService namespace:s name:s path:s* port:i*=443
Rule operations:[s] apiGroups:[s] apiVersions:[s] resources:[s] scope:s*=* resourceNames:[s]
Condition name:s expression:s
ValidatingAdmissionPolicy spec:PolicySpec
PolicySpec matchConstraints:Matches validations:[Validation] failurePolicy:s*=Fail matchConditions:[Condition/name] variables:[Condition/name]
Matches namespaceSelector:Selector= objectSelector:Selector= resourceRules:[Rule] excludeResourceRules:[Rule] matchPolicy:s*=Equivalent
Validation expression:s message:s messageExpression:s reason:s*
ValidatingAdmissionPolicyBinding spec:PolicyBindingSpec
PolicyBindingSpec policyName:s matchResources:Matches validationActions:[s]
ClusterRole rules:[PolicyRule]
Role rules:[PolicyRule]
PolicyRule verbs:[s] apiGroups:[s] resources:[s] resourceNames:[s] nonResourceURLs:[s]
ClusterRoleBinding subjects:[Subject] roleRef:RoleReference
RoleBinding subjects:[Subject] roleRef:RoleReference
Subject kind:s apiGroup:s name:s namespace:s
RoleReference apiGroup:s=rbac.authorization.k8s.io kind:s name:s
DeviceClass spec:DeviceClassSpec
DeviceClassSpec selectors:[DeviceSelector] extendedResourceName:s*
DeviceSelector cel:Expression
Expression expression:s
`;

/** Of add-ons: their operators default nothing in what we write, and the API server keeps it as it is. */
export const customKinds: ReadonlySet<string> = new Set([
  'Certificate',
  'ExternalSecret',
  'Issuer',
  'PodMonitor',
  'PrometheusRule',
  'SealedSecret',
  'ServiceMonitor',
]);

export type Shape =
  | { readonly of: 'text' | 'flag' | 'number' | 'either' | 'quantity' | 'bytes' | 'anything' }
  | { readonly of: 'map'; readonly item: Shape }
  | { readonly of: 'list'; readonly item: Shape; readonly key?: string }
  | { readonly of: 'object'; readonly type: string; readonly isReplaced: boolean };

export interface Field {
  readonly shape: Shape;
  /** A zero value is kept. */
  readonly isPointer: boolean;
  readonly default?: string;
}

const scalars: Readonly<Record<string, Shape>> = {
  s: { of: 'text' },
  b: { of: 'flag' },
  i: { of: 'number' },
  x: { of: 'either' },
  q: { of: 'quantity' },
  y: { of: 'bytes' },
  '?': { of: 'anything' },
};

function shapeOf(text: string): Shape {
  const scalar = scalars[text];
  if (scalar !== undefined) return scalar;
  const [, map] = /^\{(.+)\}$/.exec(text) ?? [];
  if (map !== undefined) return { of: 'map', item: shapeOf(map) };
  const [, item, key] = /^\[([^/]+?)(?:\/(\w+))?\]$/.exec(text) ?? [];
  if (item !== undefined) return { of: 'list', item: shapeOf(item), ...(key === undefined ? {} : { key }) };
  return { of: 'object', type: text.replace('!', ''), isReplaced: text.endsWith('!') };
}

function fieldOf(word: string): readonly [string, Field] {
  const [, name = '', text = '', pointer, preset] = /^(\w+):([^=*]+)(\*)?(?:=(.*))?$/.exec(word) ?? [];
  const field = { shape: shapeOf(text), isPointer: pointer !== undefined };
  return [name, preset === undefined ? field : { ...field, default: preset }];
}

const types: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  table
    .trim()
    .replaceAll('\n ', ' ')
    .split('\n')
    .map((line) => {
      const [type = '', ...words] = line.split(' ');
      return [type, new Map(words.map(fieldOf))] as const;
    }),
);

/** @throws for a type that the table does not have: a kind that we write has to be added to it. */
export function fieldsOf(type: string): ReadonlyMap<string, Field> {
  const fields = types.get(type);
  if (fields === undefined) throw new Error(`The model of the API server does not know ${type}.`);
  return fields;
}
