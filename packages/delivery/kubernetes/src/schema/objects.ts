/* oxlint-disable eslint/max-lines -- written by a program */
// Written by packages/delivery/kubernetes-schema/tools/write-kinds.mjs from @kubernetes/client-node 2.0.1. Do not edit by hand.

interface AdmissionregistrationV1ServiceReference {
  readonly name: string;
  readonly namespace: string;
  readonly path?: string;
  readonly port?: number;
}

interface AdmissionregistrationV1WebhookClientConfig {
  readonly caBundle?: string;
  readonly service?: AdmissionregistrationV1ServiceReference;
  readonly url?: string;
}

interface CoreV1ResourceClaim {
  readonly name: string;
  readonly request?: string;
}

interface V1AWSElasticBlockStoreVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly readOnly?: boolean;
  readonly volumeID: string;
}

interface V1Affinity {
  readonly nodeAffinity?: V1NodeAffinity;
  readonly podAffinity?: V1PodAffinity;
  readonly podAntiAffinity?: V1PodAntiAffinity;
}

interface V1AppArmorProfile {
  readonly localhostProfile?: string;
  readonly type: string;
}

interface V1AuditAnnotation {
  readonly key: string;
  readonly valueExpression: string;
}

interface V1AzureDiskVolumeSource {
  readonly cachingMode?: string;
  readonly diskName: string;
  readonly diskURI: string;
  readonly fsType?: string;
  readonly kind?: string;
  readonly readOnly?: boolean;
}

interface V1AzureFileVolumeSource {
  readonly readOnly?: boolean;
  readonly secretName: string;
  readonly shareName: string;
}

interface V1CSIVolumeSource {
  readonly driver: string;
  readonly fsType?: string;
  readonly nodePublishSecretRef?: V1LocalObjectReference;
  readonly readOnly?: boolean;
  readonly volumeAttributes?: Readonly<Record<string, string>>;
}

interface V1Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

interface V1CephFSVolumeSource {
  readonly monitors: readonly string[];
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly secretFile?: string;
  readonly secretRef?: V1LocalObjectReference;
  readonly user?: string;
}

interface V1CinderVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: V1LocalObjectReference;
  readonly volumeID: string;
}

interface V1ClientIPConfig {
  readonly timeoutSeconds?: number;
}

interface V1ClusterTrustBundleProjection {
  readonly labelSelector?: V1LabelSelector;
  readonly name?: string;
  readonly optional?: boolean;
  readonly path: string;
  readonly signerName?: string;
}

export interface V1ConfigMap {
  readonly apiVersion: 'v1';
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
  readonly kind: 'ConfigMap';
  readonly metadata: V1ObjectMeta;
}

interface V1ConfigMapEnvSource {
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1ConfigMapKeySelector {
  readonly key: string;
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1ConfigMapProjection {
  readonly items?: readonly V1KeyToPath[];
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1ConfigMapVolumeSource {
  readonly defaultMode?: number;
  readonly items?: readonly V1KeyToPath[];
  readonly name?: string;
  readonly optional?: boolean;
}

export interface V1Container {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly V1EnvVar[];
  readonly envFrom?: readonly V1EnvFromSource[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly lifecycle?: V1Lifecycle;
  readonly livenessProbe?: V1Probe;
  readonly name: string;
  readonly ports?: readonly V1ContainerPort[];
  readonly readinessProbe?: V1Probe;
  readonly resizePolicy?: readonly V1ContainerResizePolicy[];
  readonly resources?: V1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly V1ContainerRestartRule[];
  readonly securityContext?: V1SecurityContext;
  readonly startupProbe?: V1Probe;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly tty?: boolean;
  readonly volumeDevices?: readonly V1VolumeDevice[];
  readonly volumeMounts?: readonly V1VolumeMount[];
  readonly workingDir?: string;
}

interface V1ContainerPort {
  readonly containerPort: number;
  readonly hostIP?: string;
  readonly hostPort?: number;
  readonly name?: string;
  readonly protocol?: string;
}

interface V1ContainerResizePolicy {
  readonly resourceName: string;
  readonly restartPolicy: string;
}

interface V1ContainerRestartRule {
  readonly action: string;
  readonly exitCodes?: V1ContainerRestartRuleOnExitCodes;
}

interface V1ContainerRestartRuleOnExitCodes {
  readonly operator: string;
  readonly values?: readonly number[];
}

export interface V1DaemonSet {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'DaemonSet';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1DaemonSetSpec;
}

interface V1DaemonSetSpec {
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector: V1LabelSelector;
  readonly template: V1PodTemplateSpec;
  readonly updateStrategy?: V1DaemonSetUpdateStrategy;
}

interface V1DaemonSetUpdateStrategy {
  readonly rollingUpdate?: V1RollingUpdateDaemonSet;
  readonly type?: string;
}

export interface V1Deployment {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'Deployment';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1DeploymentSpec;
}

interface V1DeploymentSpec {
  readonly minReadySeconds?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
  readonly replicas?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector: V1LabelSelector;
  readonly strategy?: V1DeploymentStrategy;
  readonly template: V1PodTemplateSpec;
}

interface V1DeploymentStrategy {
  readonly rollingUpdate?: V1RollingUpdateDeployment;
  readonly type?: string;
}

interface V1DownwardAPIProjection {
  readonly items?: readonly V1DownwardAPIVolumeFile[];
}

interface V1DownwardAPIVolumeFile {
  readonly fieldRef?: V1ObjectFieldSelector;
  readonly mode?: number;
  readonly path: string;
  readonly resourceFieldRef?: V1ResourceFieldSelector;
}

interface V1DownwardAPIVolumeSource {
  readonly defaultMode?: number;
  readonly items?: readonly V1DownwardAPIVolumeFile[];
}

interface V1EmptyDirVolumeSource {
  readonly medium?: string;
  readonly sizeLimit?: string;
}

interface V1EnvFromSource {
  readonly configMapRef?: V1ConfigMapEnvSource;
  readonly prefix?: string;
  readonly secretRef?: V1SecretEnvSource;
}

interface V1EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: V1EnvVarSource;
}

interface V1EnvVarSource {
  readonly configMapKeyRef?: V1ConfigMapKeySelector;
  readonly fieldRef?: V1ObjectFieldSelector;
  readonly fileKeyRef?: V1FileKeySelector;
  readonly resourceFieldRef?: V1ResourceFieldSelector;
  readonly secretKeyRef?: V1SecretKeySelector;
}

interface V1EphemeralContainer {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly V1EnvVar[];
  readonly envFrom?: readonly V1EnvFromSource[];
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly lifecycle?: V1Lifecycle;
  readonly livenessProbe?: V1Probe;
  readonly name: string;
  readonly ports?: readonly V1ContainerPort[];
  readonly readinessProbe?: V1Probe;
  readonly resizePolicy?: readonly V1ContainerResizePolicy[];
  readonly resources?: V1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly V1ContainerRestartRule[];
  readonly securityContext?: V1SecurityContext;
  readonly startupProbe?: V1Probe;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly targetContainerName?: string;
  readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string;
  readonly tty?: boolean;
  readonly volumeDevices?: readonly V1VolumeDevice[];
  readonly volumeMounts?: readonly V1VolumeMount[];
  readonly workingDir?: string;
}

interface V1EphemeralVolumeSource {
  readonly volumeClaimTemplate?: V1PersistentVolumeClaimTemplate;
}

interface V1ExecAction {
  readonly command?: readonly string[];
}

interface V1FCVolumeSource {
  readonly fsType?: string;
  readonly lun?: number;
  readonly readOnly?: boolean;
  readonly targetWWNs?: readonly string[];
  readonly wwids?: readonly string[];
}

interface V1FileKeySelector {
  readonly key: string;
  readonly optional?: boolean;
  readonly path: string;
  readonly volumeName: string;
}

interface V1FlexVolumeSource {
  readonly driver: string;
  readonly fsType?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly readOnly?: boolean;
  readonly secretRef?: V1LocalObjectReference;
}

interface V1FlockerVolumeSource {
  readonly datasetName?: string;
  readonly datasetUUID?: string;
}

interface V1GCEPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly partition?: number;
  readonly pdName: string;
  readonly readOnly?: boolean;
}

interface V1GRPCAction {
  readonly port: number;
  readonly service?: string;
}

interface V1GitRepoVolumeSource {
  readonly directory?: string;
  readonly repository: string;
  readonly revision?: string;
}

interface V1GlusterfsVolumeSource {
  readonly endpoints: string;
  readonly path: string;
  readonly readOnly?: boolean;
}

interface V1HTTPGetAction {
  readonly host?: string;
  readonly httpHeaders?: readonly V1HTTPHeader[];
  readonly path?: string;
  readonly port: number | string;
  readonly scheme?: string;
}

interface V1HTTPHeader {
  readonly name: string;
  readonly value: string;
}

interface V1HostAlias {
  readonly hostnames?: readonly string[];
  readonly ip: string;
}

interface V1HostPathVolumeSource {
  readonly path: string;
  readonly type?: string;
}

interface V1IPBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

interface V1ISCSIVolumeSource {
  readonly chapAuthDiscovery?: boolean;
  readonly chapAuthSession?: boolean;
  readonly fsType?: string;
  readonly initiatorName?: string;
  readonly iqn: string;
  readonly iscsiInterface?: string;
  readonly lun: number;
  readonly portals?: readonly string[];
  readonly readOnly?: boolean;
  readonly secretRef?: V1LocalObjectReference;
  readonly targetPortal: string;
}

interface V1ImageVolumeSource {
  readonly pullPolicy?: string;
  readonly reference?: string;
}

export interface V1Job {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1JobSpec;
}

interface V1JobSpec {
  readonly activeDeadlineSeconds?: number;
  readonly backoffLimit?: number;
  readonly backoffLimitPerIndex?: number;
  readonly completionMode?: string;
  readonly completions?: number;
  readonly managedBy?: string;
  readonly manualSelector?: boolean;
  readonly maxFailedIndexes?: number;
  readonly parallelism?: number;
  readonly podFailurePolicy?: V1PodFailurePolicy;
  readonly podReplacementPolicy?: string;
  readonly selector?: V1LabelSelector;
  readonly successPolicy?: V1SuccessPolicy;
  readonly suspend?: boolean;
  readonly template: V1PodTemplateSpec;
  readonly ttlSecondsAfterFinished?: number;
}

interface V1KeyToPath {
  readonly key: string;
  readonly mode?: number;
  readonly path: string;
}

interface V1LabelSelector {
  readonly matchExpressions?: readonly V1LabelSelectorRequirement[];
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface V1LabelSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface V1Lifecycle {
  readonly postStart?: V1LifecycleHandler;
  readonly preStop?: V1LifecycleHandler;
  readonly stopSignal?: string;
}

interface V1LifecycleHandler {
  readonly exec?: V1ExecAction;
  readonly httpGet?: V1HTTPGetAction;
  readonly sleep?: V1SleepAction;
  readonly tcpSocket?: V1TCPSocketAction;
}

interface V1LocalObjectReference {
  readonly name?: string;
}

interface V1ManagedFieldsEntry {
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: unknown;
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
}

interface V1MatchCondition {
  readonly expression: string;
  readonly name: string;
}

interface V1MatchResources {
  readonly excludeResourceRules?: readonly V1NamedRuleWithOperations[];
  readonly matchPolicy?: string;
  readonly namespaceSelector?: V1LabelSelector;
  readonly objectSelector?: V1LabelSelector;
  readonly resourceRules?: readonly V1NamedRuleWithOperations[];
}

interface V1MutatingWebhook {
  readonly admissionReviewVersions: readonly string[];
  readonly clientConfig: AdmissionregistrationV1WebhookClientConfig;
  readonly failurePolicy?: string;
  readonly matchConditions?: readonly V1MatchCondition[];
  readonly matchPolicy?: string;
  readonly name: string;
  readonly namespaceSelector?: V1LabelSelector;
  readonly objectSelector?: V1LabelSelector;
  readonly reinvocationPolicy?: string;
  readonly rules?: readonly V1RuleWithOperations[];
  readonly sideEffects: string;
  readonly timeoutSeconds?: number;
}

export interface V1MutatingWebhookConfiguration {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'MutatingWebhookConfiguration';
  readonly metadata: V1ObjectMeta;
  readonly webhooks?: readonly V1MutatingWebhook[];
}

interface V1NFSVolumeSource {
  readonly path: string;
  readonly readOnly?: boolean;
  readonly server: string;
}

interface V1NamedRuleWithOperations {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

export interface V1Namespace {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1NamespaceSpec;
}

interface V1NamespaceSpec {
  readonly finalizers?: readonly string[];
}

export interface V1NetworkPolicy {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1NetworkPolicySpec;
}

interface V1NetworkPolicyEgressRule {
  readonly ports?: readonly V1NetworkPolicyPort[];
  readonly to?: readonly V1NetworkPolicyPeer[];
}

interface V1NetworkPolicyIngressRule {
  readonly from?: readonly V1NetworkPolicyPeer[];
  readonly ports?: readonly V1NetworkPolicyPort[];
}

export interface V1NetworkPolicyPeer {
  readonly ipBlock?: V1IPBlock;
  readonly namespaceSelector?: V1LabelSelector;
  readonly podSelector?: V1LabelSelector;
}

interface V1NetworkPolicyPort {
  readonly endPort?: number;
  readonly port?: number | string;
  readonly protocol?: string;
}

interface V1NetworkPolicySpec {
  readonly egress?: readonly V1NetworkPolicyEgressRule[];
  readonly ingress?: readonly V1NetworkPolicyIngressRule[];
  readonly podSelector?: V1LabelSelector;
  readonly policyTypes?: readonly string[];
}

interface V1NodeAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly V1PreferredSchedulingTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: V1NodeSelector;
}

interface V1NodeSelector {
  readonly nodeSelectorTerms: readonly V1NodeSelectorTerm[];
}

interface V1NodeSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface V1NodeSelectorTerm {
  readonly matchExpressions?: readonly V1NodeSelectorRequirement[];
  readonly matchFields?: readonly V1NodeSelectorRequirement[];
}

interface V1ObjectFieldSelector {
  readonly apiVersion?: string;
  readonly fieldPath: string;
}

interface V1ObjectMeta {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly generateName?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly V1ManagedFieldsEntry[];
  readonly name?: string;
  readonly namespace?: string;
  readonly ownerReferences?: readonly V1OwnerReference[];
  readonly resourceVersion?: string;
  readonly selfLink?: string;
  readonly uid?: string;
}

interface V1ObjectReference {
  readonly apiVersion?: string;
  readonly fieldPath?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly uid?: string;
}

interface V1OwnerReference {
  readonly apiVersion: string;
  readonly blockOwnerDeletion?: boolean;
  readonly controller?: boolean;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

interface V1ParamKind {
  readonly apiVersion?: string;
  readonly kind?: string;
}

interface V1ParamRef {
  readonly name?: string;
  readonly namespace?: string;
  readonly parameterNotFoundAction?: string;
  readonly selector?: V1LabelSelector;
}

interface V1PersistentVolumeClaim {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: V1ObjectMeta;
  readonly spec?: V1PersistentVolumeClaimSpec;
}

interface V1PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly dataSource?: V1TypedLocalObjectReference;
  readonly dataSourceRef?: V1TypedObjectReference;
  readonly resources?: V1VolumeResourceRequirements;
  readonly selector?: V1LabelSelector;
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  readonly volumeMode?: string;
  readonly volumeName?: string;
}

interface V1PersistentVolumeClaimTemplate {
  readonly metadata?: V1ObjectMeta;
  readonly spec: V1PersistentVolumeClaimSpec;
}

interface V1PersistentVolumeClaimVolumeSource {
  readonly claimName: string;
  readonly readOnly?: boolean;
}

interface V1PhotonPersistentDiskVolumeSource {
  readonly fsType?: string;
  readonly pdID: string;
}

interface V1PodAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly V1WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly V1PodAffinityTerm[];
}

interface V1PodAffinityTerm {
  readonly labelSelector?: V1LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly namespaceSelector?: V1LabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey: string;
}

interface V1PodAntiAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly V1WeightedPodAffinityTerm[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly V1PodAffinityTerm[];
}

interface V1PodCertificateProjection {
  readonly certificateChainPath?: string;
  readonly credentialBundlePath?: string;
  readonly keyPath?: string;
  readonly keyType: string;
  readonly maxExpirationSeconds?: number;
  readonly signerName: string;
  readonly userAnnotations?: Readonly<Record<string, string>>;
}

interface V1PodDNSConfig {
  readonly nameservers?: readonly string[];
  readonly options?: readonly V1PodDNSConfigOption[];
  readonly searches?: readonly string[];
}

interface V1PodDNSConfigOption {
  readonly name?: string;
  readonly value?: string;
}

export interface V1PodDisruptionBudget {
  readonly apiVersion: 'policy/v1';
  readonly kind: 'PodDisruptionBudget';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1PodDisruptionBudgetSpec;
}

interface V1PodDisruptionBudgetSpec {
  readonly maxUnavailable?: number | string;
  readonly minAvailable?: number | string;
  readonly selector?: V1LabelSelector;
  readonly unhealthyPodEvictionPolicy?: string;
}

interface V1PodFailurePolicy {
  readonly rules: readonly V1PodFailurePolicyRule[];
}

interface V1PodFailurePolicyOnExitCodesRequirement {
  readonly containerName?: string;
  readonly operator: string;
  readonly values: readonly number[];
}

interface V1PodFailurePolicyOnPodConditionsPattern {
  readonly type: string;
}

interface V1PodFailurePolicyRule {
  readonly action: string;
  readonly onExitCodes?: V1PodFailurePolicyOnExitCodesRequirement;
  readonly onPodConditions?: readonly V1PodFailurePolicyOnPodConditionsPattern[];
}

interface V1PodOS {
  readonly name: string;
}

interface V1PodReadinessGate {
  readonly conditionType: string;
}

interface V1PodResourceClaim {
  readonly name: string;
  readonly resourceClaimName?: string;
  readonly resourceClaimTemplateName?: string;
}

interface V1PodSchedulingGate {
  readonly name: string;
}

interface V1PodSchedulingGroup {
  readonly podGroupName?: string;
}

interface V1PodSecurityContext {
  readonly appArmorProfile?: V1AppArmorProfile;
  readonly fsGroup?: number;
  readonly fsGroupChangePolicy?: string;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxChangePolicy?: string;
  readonly seLinuxOptions?: V1SELinuxOptions;
  readonly seccompProfile?: V1SeccompProfile;
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: string;
  readonly sysctls?: readonly V1Sysctl[];
  readonly windowsOptions?: V1WindowsSecurityContextOptions;
}

export interface V1PodSpec {
  readonly activeDeadlineSeconds?: number;
  readonly affinity?: V1Affinity;
  readonly automountServiceAccountToken?: boolean;
  readonly containers: readonly V1Container[];
  readonly dnsConfig?: V1PodDNSConfig;
  readonly dnsPolicy?: string;
  readonly enableServiceLinks?: boolean;
  readonly ephemeralContainers?: readonly V1EphemeralContainer[];
  readonly hostAliases?: readonly V1HostAlias[];
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostUsers?: boolean;
  readonly hostname?: string;
  readonly hostnameOverride?: string;
  readonly imagePullSecrets?: readonly V1LocalObjectReference[];
  readonly initContainers?: readonly V1Container[];
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly os?: V1PodOS;
  readonly overhead?: Readonly<Record<string, string>>;
  readonly preemptionPolicy?: string;
  readonly priority?: number;
  readonly priorityClassName?: string;
  readonly readinessGates?: readonly V1PodReadinessGate[];
  readonly resourceClaims?: readonly V1PodResourceClaim[];
  readonly resources?: V1ResourceRequirements;
  readonly restartPolicy?: string;
  readonly runtimeClassName?: string;
  readonly schedulerName?: string;
  readonly schedulingGates?: readonly V1PodSchedulingGate[];
  readonly schedulingGroup?: V1PodSchedulingGroup;
  readonly securityContext?: V1PodSecurityContext;
  readonly serviceAccount?: string;
  readonly serviceAccountName?: string;
  readonly setHostnameAsFQDN?: boolean;
  readonly shareProcessNamespace?: boolean;
  readonly subdomain?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly tolerations?: readonly V1Toleration[];
  readonly topologySpreadConstraints?: readonly V1TopologySpreadConstraint[];
  readonly volumes?: readonly V1Volume[];
}

interface V1PodTemplateSpec {
  readonly metadata?: V1ObjectMeta;
  readonly spec?: V1PodSpec;
}

interface V1PortworxVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly volumeID: string;
}

interface V1PreferredSchedulingTerm {
  readonly preference: V1NodeSelectorTerm;
  readonly weight: number;
}

interface V1Probe {
  readonly exec?: V1ExecAction;
  readonly failureThreshold?: number;
  readonly grpc?: V1GRPCAction;
  readonly httpGet?: V1HTTPGetAction;
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly tcpSocket?: V1TCPSocketAction;
  readonly terminationGracePeriodSeconds?: number;
  readonly timeoutSeconds?: number;
}

interface V1ProjectedVolumeSource {
  readonly defaultMode?: number;
  readonly sources?: readonly V1VolumeProjection[];
}

interface V1QuobyteVolumeSource {
  readonly group?: string;
  readonly readOnly?: boolean;
  readonly registry: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly volume: string;
}

interface V1RBDVolumeSource {
  readonly fsType?: string;
  readonly image: string;
  readonly keyring?: string;
  readonly monitors: readonly string[];
  readonly pool?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: V1LocalObjectReference;
  readonly user?: string;
}

interface V1ResourceFieldSelector {
  readonly containerName?: string;
  readonly divisor?: string;
  readonly resource: string;
}

interface V1ResourceRequirements {
  readonly claims?: readonly CoreV1ResourceClaim[];
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

interface V1RollingUpdateDaemonSet {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

interface V1RollingUpdateDeployment {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

interface V1RollingUpdateStatefulSetStrategy {
  readonly maxUnavailable?: number | string;
  readonly partition?: number;
}

export interface V1RuleWithOperations {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

interface V1SELinuxOptions {
  readonly level?: string;
  readonly role?: string;
  readonly type?: string;
  readonly user?: string;
}

interface V1ScaleIOVolumeSource {
  readonly fsType?: string;
  readonly gateway: string;
  readonly protectionDomain?: string;
  readonly readOnly?: boolean;
  readonly secretRef: V1LocalObjectReference;
  readonly sslEnabled?: boolean;
  readonly storageMode?: string;
  readonly storagePool?: string;
  readonly system: string;
  readonly volumeName?: string;
}

interface V1SeccompProfile {
  readonly localhostProfile?: string;
  readonly type: string;
}

export interface V1Secret {
  readonly apiVersion: 'v1';
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
  readonly kind: 'Secret';
  readonly metadata: V1ObjectMeta;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly type?: string;
}

interface V1SecretEnvSource {
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1SecretKeySelector {
  readonly key: string;
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1SecretProjection {
  readonly items?: readonly V1KeyToPath[];
  readonly name?: string;
  readonly optional?: boolean;
}

interface V1SecretVolumeSource {
  readonly defaultMode?: number;
  readonly items?: readonly V1KeyToPath[];
  readonly optional?: boolean;
  readonly secretName?: string;
}

export interface V1SecurityContext {
  readonly allowPrivilegeEscalation?: boolean;
  readonly appArmorProfile?: V1AppArmorProfile;
  readonly capabilities?: V1Capabilities;
  readonly privileged?: boolean;
  readonly procMount?: string;
  readonly readOnlyRootFilesystem?: boolean;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxOptions?: V1SELinuxOptions;
  readonly seccompProfile?: V1SeccompProfile;
  readonly windowsOptions?: V1WindowsSecurityContextOptions;
}

export interface V1Service {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1ServiceSpec;
}

export interface V1ServiceAccount {
  readonly apiVersion: 'v1';
  readonly automountServiceAccountToken?: boolean;
  readonly imagePullSecrets?: readonly V1LocalObjectReference[];
  readonly kind: 'ServiceAccount';
  readonly metadata: V1ObjectMeta;
  readonly secrets?: readonly V1ObjectReference[];
}

interface V1ServiceAccountTokenProjection {
  readonly audience?: string;
  readonly expirationSeconds?: number;
  readonly path: string;
}

interface V1ServicePort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly nodePort?: number;
  readonly port: number;
  readonly protocol?: string;
  readonly targetPort?: number | string;
}

interface V1ServiceSpec {
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly internalTrafficPolicy?: string;
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly loadBalancerClass?: string;
  readonly loadBalancerIP?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly ports?: readonly V1ServicePort[];
  readonly publishNotReadyAddresses?: boolean;
  readonly selector?: Readonly<Record<string, string>>;
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: V1SessionAffinityConfig;
  readonly trafficDistribution?: string;
  readonly type?: string;
}

interface V1SessionAffinityConfig {
  readonly clientIP?: V1ClientIPConfig;
}

interface V1SleepAction {
  readonly seconds: number;
}

export interface V1StatefulSet {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'StatefulSet';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1StatefulSetSpec;
}

interface V1StatefulSetOrdinals {
  readonly start?: number;
}

interface V1StatefulSetPersistentVolumeClaimRetentionPolicy {
  readonly whenDeleted?: string;
  readonly whenScaled?: string;
}

interface V1StatefulSetSpec {
  readonly minReadySeconds?: number;
  readonly ordinals?: V1StatefulSetOrdinals;
  readonly persistentVolumeClaimRetentionPolicy?: V1StatefulSetPersistentVolumeClaimRetentionPolicy;
  readonly podManagementPolicy?: string;
  readonly replicas?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector: V1LabelSelector;
  readonly serviceName?: string;
  readonly template: V1PodTemplateSpec;
  readonly updateStrategy?: V1StatefulSetUpdateStrategy;
  readonly volumeClaimTemplates?: readonly V1PersistentVolumeClaim[];
}

interface V1StatefulSetUpdateStrategy {
  readonly rollingUpdate?: V1RollingUpdateStatefulSetStrategy;
  readonly type?: string;
}

interface V1StorageOSVolumeSource {
  readonly fsType?: string;
  readonly readOnly?: boolean;
  readonly secretRef?: V1LocalObjectReference;
  readonly volumeName?: string;
  readonly volumeNamespace?: string;
}

interface V1SuccessPolicy {
  readonly rules: readonly V1SuccessPolicyRule[];
}

interface V1SuccessPolicyRule {
  readonly succeededCount?: number;
  readonly succeededIndexes?: string;
}

interface V1Sysctl {
  readonly name: string;
  readonly value: string;
}

interface V1TCPSocketAction {
  readonly host?: string;
  readonly port: number | string;
}

interface V1Toleration {
  readonly effect?: string;
  readonly key?: string;
  readonly operator?: string;
  readonly tolerationSeconds?: number;
  readonly value?: string;
}

interface V1TopologySpreadConstraint {
  readonly labelSelector?: V1LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly maxSkew: number;
  readonly minDomains?: number;
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
}

interface V1TypedLocalObjectReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

interface V1TypedObjectReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface V1ValidatingAdmissionPolicy {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicy';
  readonly metadata: V1ObjectMeta;
  readonly spec?: V1ValidatingAdmissionPolicySpec;
}

export interface V1ValidatingAdmissionPolicyBinding {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicyBinding';
  readonly metadata: V1ObjectMeta;
  readonly spec: V1ValidatingAdmissionPolicyBindingSpec;
}

interface V1ValidatingAdmissionPolicyBindingSpec {
  readonly matchResources?: V1MatchResources;
  readonly paramRef?: V1ParamRef;
  readonly policyName: string;
  readonly validationActions: readonly string[];
}

interface V1ValidatingAdmissionPolicySpec {
  readonly auditAnnotations?: readonly V1AuditAnnotation[];
  readonly failurePolicy?: string;
  readonly matchConditions?: readonly V1MatchCondition[];
  readonly matchConstraints?: V1MatchResources;
  readonly paramKind?: V1ParamKind;
  readonly validations?: readonly V1Validation[];
  readonly variables?: readonly V1Variable[];
}

interface V1Validation {
  readonly expression: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
}

interface V1Variable {
  readonly expression: string;
  readonly name: string;
}

export interface V1Volume {
  readonly awsElasticBlockStore?: V1AWSElasticBlockStoreVolumeSource;
  readonly azureDisk?: V1AzureDiskVolumeSource;
  readonly azureFile?: V1AzureFileVolumeSource;
  readonly cephfs?: V1CephFSVolumeSource;
  readonly cinder?: V1CinderVolumeSource;
  readonly configMap?: V1ConfigMapVolumeSource;
  readonly csi?: V1CSIVolumeSource;
  readonly downwardAPI?: V1DownwardAPIVolumeSource;
  readonly emptyDir?: V1EmptyDirVolumeSource;
  readonly ephemeral?: V1EphemeralVolumeSource;
  readonly fc?: V1FCVolumeSource;
  readonly flexVolume?: V1FlexVolumeSource;
  readonly flocker?: V1FlockerVolumeSource;
  readonly gcePersistentDisk?: V1GCEPersistentDiskVolumeSource;
  readonly gitRepo?: V1GitRepoVolumeSource;
  readonly glusterfs?: V1GlusterfsVolumeSource;
  readonly hostPath?: V1HostPathVolumeSource;
  readonly image?: V1ImageVolumeSource;
  readonly iscsi?: V1ISCSIVolumeSource;
  readonly name: string;
  readonly nfs?: V1NFSVolumeSource;
  readonly persistentVolumeClaim?: V1PersistentVolumeClaimVolumeSource;
  readonly photonPersistentDisk?: V1PhotonPersistentDiskVolumeSource;
  readonly portworxVolume?: V1PortworxVolumeSource;
  readonly projected?: V1ProjectedVolumeSource;
  readonly quobyte?: V1QuobyteVolumeSource;
  readonly rbd?: V1RBDVolumeSource;
  readonly scaleIO?: V1ScaleIOVolumeSource;
  readonly secret?: V1SecretVolumeSource;
  readonly storageos?: V1StorageOSVolumeSource;
  readonly vsphereVolume?: V1VsphereVirtualDiskVolumeSource;
}

interface V1VolumeDevice {
  readonly devicePath: string;
  readonly name: string;
}

export interface V1VolumeMount {
  readonly mountPath: string;
  readonly mountPropagation?: string;
  readonly name: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
}

interface V1VolumeProjection {
  readonly clusterTrustBundle?: V1ClusterTrustBundleProjection;
  readonly configMap?: V1ConfigMapProjection;
  readonly downwardAPI?: V1DownwardAPIProjection;
  readonly podCertificate?: V1PodCertificateProjection;
  readonly secret?: V1SecretProjection;
  readonly serviceAccountToken?: V1ServiceAccountTokenProjection;
}

interface V1VolumeResourceRequirements {
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

interface V1VsphereVirtualDiskVolumeSource {
  readonly fsType?: string;
  readonly storagePolicyID?: string;
  readonly storagePolicyName?: string;
  readonly volumePath: string;
}

interface V1WeightedPodAffinityTerm {
  readonly podAffinityTerm: V1PodAffinityTerm;
  readonly weight: number;
}

interface V1WindowsSecurityContextOptions {
  readonly gmsaCredentialSpec?: string;
  readonly gmsaCredentialSpecName?: string;
  readonly hostProcess?: boolean;
  readonly runAsUserName?: string;
}

interface V2ContainerResourceMetricSource {
  readonly container: string;
  readonly name: string;
  readonly target: V2MetricTarget;
}

interface V2CrossVersionObjectReference {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

interface V2ExternalMetricSource {
  readonly metric: V2MetricIdentifier;
  readonly target: V2MetricTarget;
}

interface V2HPAScalingPolicy {
  readonly periodSeconds: number;
  readonly type: string;
  readonly value: number;
}

interface V2HPAScalingRules {
  readonly policies?: readonly V2HPAScalingPolicy[];
  readonly selectPolicy?: string;
  readonly stabilizationWindowSeconds?: number;
  readonly tolerance?: string;
}

export interface V2HorizontalPodAutoscaler {
  readonly apiVersion: 'autoscaling/v2';
  readonly kind: 'HorizontalPodAutoscaler';
  readonly metadata: V1ObjectMeta;
  readonly spec: V2HorizontalPodAutoscalerSpec;
}

interface V2HorizontalPodAutoscalerBehavior {
  readonly scaleDown?: V2HPAScalingRules;
  readonly scaleUp?: V2HPAScalingRules;
}

interface V2HorizontalPodAutoscalerSpec {
  readonly behavior?: V2HorizontalPodAutoscalerBehavior;
  readonly maxReplicas: number;
  readonly metrics?: readonly V2MetricSpec[];
  readonly minReplicas?: number;
  readonly scaleTargetRef: V2CrossVersionObjectReference;
}

interface V2MetricIdentifier {
  readonly name: string;
  readonly selector?: V1LabelSelector;
}

interface V2MetricSpec {
  readonly containerResource?: V2ContainerResourceMetricSource;
  readonly external?: V2ExternalMetricSource;
  readonly object?: V2ObjectMetricSource;
  readonly pods?: V2PodsMetricSource;
  readonly resource?: V2ResourceMetricSource;
  readonly type: string;
}

interface V2MetricTarget {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly type: string;
  readonly value?: string;
}

interface V2ObjectMetricSource {
  readonly describedObject: V2CrossVersionObjectReference;
  readonly metric: V2MetricIdentifier;
  readonly target: V2MetricTarget;
}

interface V2PodsMetricSource {
  readonly metric: V2MetricIdentifier;
  readonly target: V2MetricTarget;
}

interface V2ResourceMetricSource {
  readonly name: string;
  readonly target: V2MetricTarget;
}
